import { ChannelPast } from '../../domain/release/follow-channel.ts';
import { jsonText } from '../json-text.ts';
import type { StateConnection } from './state-connection.ts';

/** More are not in use: beyond this, those that are not are forgotten. */
const MAX_CHANNELS = 1_000;

/** The past of each release channel, so that one that moves backwards is noticed. */
export interface ChannelPasts {
  /** By channel. */
  channelPasts(): Promise<ReadonlyMap<string, ChannelPast>>;
  saveChannelPasts(pasts: ReadonlyMap<string, ChannelPast>): Promise<void>;
}

export function openChannelPasts({ redis, prefix, guarded }: StateConnection): ChannelPasts {
  const key = `${prefix}:channel-pasts`;
  return {
    channelPasts: async () => {
      const fields = await guarded(() => redis.hgetall(key));
      return new Map(
        Object.entries(fields).flatMap(([tag, json]): [string, ChannelPast][] => {
          const past = StoredPast.safeParse(json);
          return past.success ? [[tag, past.data]] : [];
        }),
      );
    },
    saveChannelPasts: async (pasts) => {
      if (pasts.size === 0) return;
      const fields = Object.fromEntries([...pasts].map(([tag, past]) => [tag, JSON.stringify(past)]));
      await guarded(async () => {
        if ((await redis.hlen(key)) > MAX_CHANNELS) await redis.del(key);
        await redis.hset(key, fields);
      });
    },
  };
}

const StoredPast = jsonText(ChannelPast);
