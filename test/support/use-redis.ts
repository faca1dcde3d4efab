import { afterAll, beforeAll } from '@jest/globals';
import { connectRedis, type RedisConnection, untilReady } from '../../shared/redis.ts';
import { type RedisServer, startRedisServer } from '../../simulator/demo/redis-server.ts';
import { aRedisAddress, silentLog } from './builders.ts';
import { freePort } from './free-port.ts';
import { UNTIL_TIMEOUT_MS } from './until.ts';

/** A Redis of its own for a test file, without Skipper: the connection is there as soon as the tests begin. */
export function useRedis(): { readonly redis: RedisConnection } {
  let server: RedisServer | undefined;
  let redis: RedisConnection | undefined;

  beforeAll(async () => {
    server = await startRedisServer({ path: process.env.PATH, port: await freePort() });
    redis = connectRedis(aRedisAddress(server.url), silentLog);
    await untilReady(redis, AbortSignal.timeout(UNTIL_TIMEOUT_MS));
  });

  afterAll(async () => {
    redis?.disconnect();
    await server?.stop();
  });

  return {
    get redis() {
      if (redis === undefined) throw new Error('Redis is not running yet');
      return redis;
    },
  };
}
