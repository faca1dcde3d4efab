import type { ChainableCommander } from 'ioredis';
import { z } from 'zod';
import { jsonText } from '../json-text.ts';
import { CHANNELS_CHANGED, changesChannel } from './change-feed.ts';
import type { StateConnection } from './state-connection.ts';

/** A channel as the release check last saw it. */
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

/** The last seen state of the channels in use, for people. */
export interface ChannelSnapshots {
  /** Stores the results of a release check for the channels in use, and announces them. */
  saveChannels(channels: readonly ChannelSnapshot[]): Promise<void>;
  /** Adds channels that a deploy request has just read to the results of the latest release check, and announces them. */
  noteChannels(channels: readonly ChannelSnapshot[]): Promise<void>;
  /** The results of the latest release check, by channel. */
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

/** Leaves out invalid entries: an older or newer Skipper can have written them. */
function decodeSnapshots(fields: Readonly<Record<string, string>>): Map<string, ChannelSnapshot> {
  const snapshots = Object.entries(fields).flatMap(([tag, json]) => {
    const parsed = StoredSnapshot.safeParse(json);
    return parsed.success ? [[tag, parsed.data] as const] : [];
  });
  return new Map(snapshots);
}
