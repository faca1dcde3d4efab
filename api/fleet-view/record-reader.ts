import type { Logger } from 'pino';
import { messageOf } from '../../domain/errors.ts';
import { isReady, type RedisConnection } from '../../shared/redis.ts';
import type { ChannelCache } from './channel-cache.ts';
import { debounce } from './debounce.ts';
import type { RecordCache } from './record-cache.ts';

/** Changes are collected for this long before records are read. */
const COALESCE_MS = 100;
/** Failed reads are retried after this delay. */
const RETRY_INTERVAL_MS = 1_000;

export interface ReaderSources {
  readonly redis: RedisConnection;
  readonly records: Pick<RecordCache, 'read'>;
  readonly channels: Pick<ChannelCache, 'refresh' | 'isExpired'>;
  readonly log: Logger;
}

/** Rereads changed records and channels; retries until Redis answers. */
export interface RecordReader {
  mark(namespaces: Iterable<string>): void;
  readSoon(): void;
  /** Reads run one after the other; each reads everything that is marked by then. */
  read(): Promise<void>;
  close(): Promise<void>;
}

/** `onRead` gets the namespaces whose records were read, and whether the version of a channel has changed. */
export function createRecordReader(
  { redis, records, channels, log }: ReaderSources,
  onRead: (namespaces: readonly string[], isReleased: boolean) => void,
): RecordReader {
  const unread = new Set<string>();
  const soon = debounce(() => void read(), COALESCE_MS);
  let reading: Promise<void> = Promise.resolve();
  let retry: NodeJS.Timeout | undefined;
  let isClosed = false;

  function mark(namespaces: Iterable<string>): void {
    for (const namespace of namespaces) unread.add(namespace);
  }

  function read(): Promise<void> {
    reading = reading.then(readUnread);
    return reading;
  }

  async function readUnread(): Promise<void> {
    if (isClosed || (unread.size === 0 && !channels.isExpired())) return;
    const names = [...unread];
    unread.clear();
    try {
      if (!isReady(redis)) throw new Error('Redis is not connected');
      const isReleased = await channels.refresh();
      await records.read(names);
      onRead(names, isReleased);
    } catch (error) {
      log.debug({ reason: messageOf(error) }, 'desired state cannot be read');
      mark(names);
      clearTimeout(retry);
      if (!isClosed) retry = setTimeout(soon.call, RETRY_INTERVAL_MS).unref();
    }
  }

  return {
    mark,
    read,
    readSoon: soon.call,
    close: async () => {
      isClosed = true;
      soon.cancel();
      clearTimeout(retry);
      await reading;
    },
  };
}
