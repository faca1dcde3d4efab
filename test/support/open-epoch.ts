import type { Redis } from 'ioredis';
import type { RedisConnection } from '../../shared/redis.ts';
import { until } from './until.ts';

/** As if a process had found Redis new, or had rebuilt the state. Commands of one connection stay in order. */
export async function openEpoch(redis: RedisConnection, prefix: string): Promise<void> {
  await redis.set(`${prefix}:epoch`, JSON.stringify({ id: 'a-test', at: 0 }));
}

/** Redis has lost its data: waits until the state is whole again. */
export async function rebuilt(redis: Redis): Promise<void> {
  await until(async () => (await redis.exists('{skipper}:epoch')) === 1, 'the state is rebuilt');
}
