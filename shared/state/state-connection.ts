import { SkipperError } from '../../domain/errors.ts';
import { isReady, type RedisConnection } from '../redis.ts';
import { describeRedisFailure } from '../redis-problems.ts';
import { COUNTED, loadScripts, type RunScript } from './scripts.ts';
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
  /** Runs one of the scripts, also guarded; fails at once while Redis is in doubt. */
  readonly run: RunScript;
  /** Whether Redis may have gone back to an older state: scripts wait for the check. */
  readonly doubt: Doubt;
  readonly ticks: Ticks;
  /** Runs one of the scripts that end the doubt. */
  readonly runInDoubt: RunScript;
  /** Runs a command; while Redis is down it fails at once, with the right error class. */
  readonly guarded: <T>(command: () => Promise<T>) => Promise<T>;
}

export interface Doubt {
  begin(): void;
  end(): void;
  /** Throws while Redis is in doubt. */
  check(): void;
}

export function openStateConnection(
  redis: RedisConnection,
  prefix: string,
  { rolloutTtlSeconds, now }: Pick<StateConnection, 'rolloutTtlSeconds' | 'now'>,
): StateConnection {
  const script = loadScripts(redis, prefix);
  const guarded = <T>(command: () => Promise<T>) => guard(redis, command);
  const doubt = openDoubt();
  const ticks = openTicks();
  const runInDoubt: RunScript = (name, args) =>
    guarded(async () => {
      const reply = await script(name, args);
      if (reply === REBUILDING) throw rebuildingError();
      return reply;
    });
  return {
    redis,
    prefix,
    rolloutTtlSeconds,
    now,
    guarded,
    run: async (name, args) => {
      doubt.check();
      const reply = () => runInDoubt(name, args);
      return COUNTED.has(name) ? ticks.counted(reply) : reply();
    },
    doubt,
    ticks,
    runInDoubt,
  };
}

function openDoubt(): Doubt {
  let isDoubted = false;
  return {
    begin: () => {
      isDoubted = true;
    },
    end: () => {
      isDoubted = false;
    },
    check: () => {
      if (isDoubted) throw new SkipperError('redis_unavailable', UNCHECKED);
    },
  };
}

const UNCHECKED = 'Redis has just been connected, and whether it still has the latest state is being checked';

/** The answer of scripts that must not act upon a part of the state. */
const REBUILDING = 'rebuilding';
/** A rebuild takes about this long. */
const REBUILD_MS = 10_000;

export function rebuildingError(): SkipperError {
  return new SkipperError(
    'redis_unavailable',
    'Redis is new or has lost its data: the state is being rebuilt from the cluster; retry in a few seconds',
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

/** The values of a pipeline's replies, in order; throws the first error among them. */
export function valuesOf(replies: readonly (readonly [Error | null, unknown])[] | null): unknown[] {
  return (replies ?? []).map(([error, value]) => {
    if (error) throw error;
    return value;
  });
}
