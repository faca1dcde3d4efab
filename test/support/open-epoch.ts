import type { RedisConnection } from '../../shared/redis.ts';

/** As if a process had found Redis new, or had rebuilt the state. Commands of one connection stay in order. */
export async function openEpoch(redis: RedisConnection, prefix: string): Promise<void> {
  await redis.set(`${prefix}:epoch`, JSON.stringify({ id: 'a-test', at: 0 }));
}
