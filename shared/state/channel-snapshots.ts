import type { ChainableCommander } from 'ioredis';
import { z } from 'zod';
import { jsonText } from '../json-text.ts';
import { CHANNELS_CHANGED, changesChannel } from './change-feed.ts';
import type { StateConnection } from './state-connection.ts';

/** What the release check has seen of a channel. */
const ChannelSnapshot = z.object({
  channel: z.string(),
  image: z.string().optional(),
  version: z.string(),
  checkedAt: z.number().optional(),
  updated: z.string().optional(),
  problem: z.string().optional(),
  /** The error code of the problem. */
  code: z.string().optional(),
});
export type ChannelSnapshot = Readonly<z.infer<typeof ChannelSnapshot>>;

/** What was seen of the channels in use, for people. */
export interface ChannelSnapshots {
  /** Keeps what the release check has seen of the channels in use, and announces it. */
  saveChannels(channels: readonly ChannelSnapshot[]): Promise<void>;
  /** Adds what a deploy request has just read to what the latest release check has seen, and announces it. */
  noteChannels(channels: readonly ChannelSnapshot[]): Promise<void>;
  /** What the latest release check has seen, by channel. */
  channels(): Promise<Map<string, ChannelSnapshot>>;
}

export function openChannelSnapshots({ redis, prefix, guarded }: StateConnection): ChannelSnapshots {
  const key = `${prefix}:channels`;
  function write(transaction: ChainableCommander, channels: readonly ChannelSnapshot[]): Promise<unknown> {
    const snapshots = channels.map((snapshot) => [snapshot.channel, JSON.stringify(snapshot)]);
    if (snapshots.length > 0) transaction.hset(key, Object.fromEntries(snapshots));
    return transaction.publish(changesChannel(prefix), CHANNELS_CHANGED).exec();
  }

  return {
    saveChannels: async (channels) => {
      await guarded(() => write(redis.multi().del(key), channels));
    },
    noteChannels: async (channels) => {
      await guarded(() => write(redis.multi(), channels));
    },
    channels: async () => decodeSnapshots(await guarded(() => redis.hgetall(key))),
  };
}

const StoredSnapshot = jsonText(ChannelSnapshot);

/** Leaves out what cannot be read: an older or newer Skipper may have written it. */
function decodeSnapshots(fields: Readonly<Record<string, string>>): Map<string, ChannelSnapshot> {
  const snapshots = Object.entries(fields).flatMap(([tag, json]) => {
    const parsed = StoredSnapshot.safeParse(json);
    return parsed.success ? [[tag, parsed.data] as const] : [];
  });
  return new Map(snapshots);
}
