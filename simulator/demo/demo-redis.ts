import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { messageOf } from '../../domain/errors.ts';
import { ConfigurationError } from '../../shared/config.ts';
import { packageRoot } from './package-root.ts';
import { findRedisServer, startRedisServer } from './redis-server.ts';

export interface DemoRedis {
  readonly url: string;
  /** Prefix of all keys, so that a Redis that others use, too, stays as it was. */
  readonly prefix: string;
  readonly description: string;
  /** The process that was started; undefined for a Redis that was there. */
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/** The Redis that REDIS_URL names, or one of our own, which is installed first where that is possible. */
export async function openRedis(
  env: Readonly<Record<string, string | undefined>>,
  directory: string,
): Promise<DemoRedis> {
  const url = env.REDIS_URL;
  if (url !== undefined && url !== '') return useRedis(url);
  if (findRedisServer(env.PATH) === undefined) await installRedisServer(env);
  const folder = join(directory, 'redis');
  await mkdir(folder);
  const server = await startRedisServer({ path: env.PATH, directory: folder });
  return {
    ...server,
    prefix: 'skipper',
    description: `a redis-server of the demo's own on port ${server.port}`,
  };
}

async function useRedis(url: string): Promise<DemoRedis> {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    throw new ConfigurationError(
      `the Redis of $REDIS_URL does not answer (${messageOf(error)}): start it, or unset REDIS_URL`,
    );
  }
  const prefix = `skipper-demo-${randomBytes(4).toString('hex')}`;
  return {
    url,
    prefix,
    description: `the one of $REDIS_URL, keys under {${prefix}}`,
    pid: undefined,
    stop: async () => {
      await removeKeys(redis, `{${prefix}}:*`);
      redis.disconnect();
    },
  };
}

async function removeKeys(redis: Redis, pattern: string): Promise<void> {
  for await (const keys of redis.scanStream({ match: pattern, count: 1_000 })) {
    if (Array.isArray(keys) && keys.length > 0) await redis.unlink(keys);
  }
}

/** The set-up script knows how; without it (in a container image) the error that follows says what is missing. */
async function installRedisServer(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const script = join(packageRoot, 'scripts', 'set-up.mjs');
  if (!existsSync(script)) return;
  const child = spawn(process.execPath, [script, 'redis'], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...env },
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new ConfigurationError('the demo needs a Redis: see above, or set REDIS_URL');
}
