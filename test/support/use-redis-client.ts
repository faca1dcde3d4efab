import { afterEach, beforeEach } from '@jest/globals';
import { Redis } from 'ioredis';

/** A connection of each test to the Redis of a world, as `redis-cli` has one. */
export function useRedisClient(world: { readonly redis: { readonly url: string } }): {
  readonly redis: Redis;
} {
  let redis: Redis | undefined;

  beforeEach(() => {
    redis = new Redis(world.redis.url);
  });

  afterEach(() => {
    redis?.disconnect();
  });

  return {
    get redis() {
      if (redis === undefined) throw new Error('no test is running');
      return redis;
    },
  };
}
