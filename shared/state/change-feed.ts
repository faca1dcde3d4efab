import type { Logger } from 'pino';
import { messageOf } from '../../domain/errors.ts';
import { duplicateForMessages, type RedisConnection } from '../redis.ts';

/** The message that the results of the release check have changed; it is not a valid namespace name. */
export const CHANNELS_CHANGED = '@channels';
/** Everything is read again at this interval, in case a message was lost unnoticed. */
const RESYNC_INTERVAL_MS = 60_000;
const RESUBSCRIBE_MS = 1_000;

export type Change =
  | { readonly kind: 'namespaces'; readonly namespaces: readonly string[] }
  | { readonly kind: 'channels' }
  /** Messages can have been lost: read everything. */
  | { readonly kind: 'resync' };

/** Reports the changes of the desired state, which its scripts announce. */
export interface ChangeFeed {
  listen(listener: (change: Change) => void): void;
  close(): void;
}

/** The pub/sub channel on which the desired state announces its changes. */
export function changesChannel(prefix: string): string {
  return `${prefix}:changes`;
}

/**
 * Subscribes on a connection of its own. Pub/sub loses messages while a client is disconnected, so every new subscription
 * starts with `resync`, which is also sent every minute.
 */
export function openChangeFeed(redis: RedisConnection, prefix: string, log: Logger): ChangeFeed {
  const channel = changesChannel(prefix);
  const subscriber = duplicateForMessages(redis);
  let report: (change: Change) => void = () => undefined;
  let closed = false;
  let retry: NodeJS.Timeout | undefined;

  async function subscribe(): Promise<void> {
    clearTimeout(retry);
    try {
      await subscriber.subscribe(channel);
      report({ kind: 'resync' });
    } catch (error) {
      if (closed) return;
      log.debug({ reason: messageOf(error) }, 'changes cannot be subscribed to yet');
      // A lost connection resubscribes when it is back; on one that is up, subscribing must be retried here.
      if (subscriber.status === 'ready') retry = setTimeout(() => void subscribe(), RESUBSCRIBE_MS);
    }
  }

  // The main connection logs that Redis is down.
  subscriber.on('error', () => undefined);
  subscriber.on('ready', () => void subscribe());
  subscriber.on('message', (_channel: string, message: string) => report(parseChange(message)));
  if (subscriber.status === 'ready') void subscribe();
  const resync = setInterval(() => report({ kind: 'resync' }), RESYNC_INTERVAL_MS);
  resync.unref();
  return {
    listen: (listener) => {
      report = listener;
    },
    close: () => {
      closed = true;
      clearInterval(resync);
      clearTimeout(retry);
      subscriber.disconnect();
    },
  };
}

export function parseChange(message: string): Change {
  if (message === CHANNELS_CHANGED) return { kind: 'channels' };
  return { kind: 'namespaces', namespaces: message.split(' ').filter((name) => name !== '') };
}
