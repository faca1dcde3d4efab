import { Redis } from 'ioredis';
import type { Logger } from 'pino';

/** All keys share one hash tag, so that a Redis Cluster keeps them in one slot. */
export const KEY_PREFIX = '{skipper}';
const COMMAND_TIMEOUT_MS = 3_000;
const CONNECT_TIMEOUT_MS = 5_000;
const RECONNECT_CAP_MS = 2_000;

/**
 * A connection whose commands fail at once while Redis is away, so that nobody waits and nothing lands later; it comes
 * back by itself.
 */
export function connectRedis(url: string, log: Logger): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (times) => Math.min(times * 100, RECONNECT_CAP_MS),
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  });
  reportConnection(redis, log);
  return redis;
}

/** The connection of a BullMQ Worker: it blocks and waits for Redis as long as it takes. */
export function connectRedisForWorker(url: string, log: Logger): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (times) => Math.min(times * 100, RECONNECT_CAP_MS),
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  });
  reportConnection(redis, log);
  return redis;
}

export function isReady(redis: Redis): boolean {
  return redis.status === 'ready';
}

/** Resolves when Redis answers, however long that takes. */
export async function untilReady(redis: Redis, signal: AbortSignal): Promise<void> {
  while (!isReady(redis) && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 50));
}

function reportConnection(redis: Redis, log: Logger): void {
  let away = false;
  redis.on('error', (error: Error) => {
    if (!away) log.warn({ err: error }, 'redis is away, waiting for it');
    away = true;
  });
  redis.on('ready', () => {
    if (away) log.info('redis is back');
    away = false;
  });
}
