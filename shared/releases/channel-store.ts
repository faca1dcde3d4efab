import type { RedisConnection } from '../redis.ts';
import { isReady } from '../redis.ts';
import type { ChannelStore } from './kept-channel.ts';

/** The last good state of each channel, shared by all processes. If Redis is down it is undefined, which is not an error. */
export function redisChannelStore(redis: RedisConnection, prefix: string): ChannelStore {
  const key = (tag: string) => `${prefix}:channel:${tag}`;
  return {
    load: async (tag) => (isReady(redis) ? ((await redis.get(key(tag))) ?? undefined) : undefined),
    save: async (tag, json) => {
      if (isReady(redis)) await redis.set(key(tag), json);
    },
  };
}
