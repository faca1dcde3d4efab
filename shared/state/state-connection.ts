import { SkipperError } from '../../domain/errors.ts';
import { isReady, type RedisConnection } from '../redis.ts';
import { describeRedisFailure } from '../redis-problems.ts';
import { isCounted, loadScripts, type RunScript } from './scripts.ts';
import { openTicks, type Ticks } from './ticks.ts';

/** The Redis access that every part of the desired state uses. */
export interface StateConnection {
  readonly redis: RedisConnection;
  /** Prefix of all keys, with its hash tag. */
  readonly prefix: string;
  /** Rollouts are stored for this long after their last change. */
  readonly rolloutTtlSeconds: number;
  /** The time of records and rollouts, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Runs one of the scripts, also guarded. */
  readonly run: RunScript;
  readonly ticks: Ticks;
  /** Throws unless an epoch is open, and Redis has not gone back to an older state. */
  readonly requireWhole: () => Promise<void>;
  /** Runs a command; while Redis is down it fails at once, with the right error class. */
  readonly guarded: <T>(command: () => Promise<T>) => Promise<T>;
}

export function openStateConnection(
  redis: RedisConnection,
  prefix: string,
  { rolloutTtlSeconds, now }: Pick<StateConnection, 'rolloutTtlSeconds' | 'now'>,
): StateConnection {
  const ticks = openTicks(redis, prefix);
  const script = loadScripts(redis, prefix);
  const guarded = <T>(command: () => Promise<T>) => guard(redis, command);
  return {
    redis,
    prefix,
    rolloutTtlSeconds,
    now,
    guarded,
    ticks,
    requireWhole: async () => {
      const { epoch, isOlder } = await guarded(ticks.read);
      if (epoch === undefined) throw rebuildingError();
      if (isOlder) throw olderError();
    },
    run: (name, args) => {
      const counts = isCounted(name, args);
      const send = async () => {
        const reply = await script(name, args, counts ? ticks.expected() : []);
        if (reply === REBUILDING) throw rebuildingError();
        if (reply === OLDER) throw olderError();
        return reply;
      };
      return guarded(counts ? () => ticks.count(send) : send);
    },
  };
}

/** The answer of scripts that must not act upon a part of the state. */
const REBUILDING = 'rebuilding';
/** The answer of scripts that count, if Redis has counted less than this process knows. */
const OLDER = 'older';
/** A rebuild takes about this long. */
const REBUILD_MS = 10_000;

function rebuildingError(): SkipperError {
  return new SkipperError(
    'redis_unavailable',
    'Redis is new or has lost its data: the state is being rebuilt from the cluster; retry in a few seconds',
    { retryAfterMs: REBUILD_MS },
  );
}

function olderError(): SkipperError {
  return new SkipperError(
    'redis_unavailable',
    'Redis went back to an older state: the state is being rebuilt from the cluster; retry in a few seconds',
    { retryAfterMs: REBUILD_MS },
  );
}

async function guard<T>(redis: RedisConnection, command: () => Promise<T>): Promise<T> {
  if (!isReady(redis)) throw new SkipperError('redis_unavailable', 'Redis is not connected');
  try {
    return await command();
  } catch (error) {
    if (error instanceof SkipperError) throw error;
    throw new SkipperError('redis_unavailable', describeRedisFailure(error), { cause: error });
  }
}
