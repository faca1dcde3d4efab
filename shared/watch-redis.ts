import type { Logger } from 'pino';
import { messageOf } from '../domain/errors.ts';
import { pause } from './pause.ts';
import { isReady, type RedisConnection } from './redis.ts';
import { explainRedisError, explainRedisInfo, missingRight, type RedisProblem } from './redis-problems.ts';

const CHECK_EVERY_MS = 2_000;
const RIGHTS_EVERY_MS = 15_000;
const PROBE_TTL_MS = 60_000;

/** Whether Redis can do what Skipper needs, beyond being connected. */
export interface RedisHealth {
  /** Empty while Redis is healthy, and while it is not connected. */
  problems(): readonly RedisProblem[];
  /** Checks now; returns the problems. */
  check(): Promise<readonly RedisProblem[]>;
  /** Called when the problems have changed. */
  onChange(listener: (problems: readonly RedisProblem[]) => void): void;
  stop(): void;
}

export interface RedisHealthOptions {
  readonly redis: RedisConnection;
  /** Prefix of all keys, with its hash tag. */
  readonly prefix: string;
  readonly log: Logger;
  readonly checkEveryMs?: number;
}

/** Tests a write every two seconds, and the permissions every 15: a Redis that hangs or is full stays connected. */
export function watchRedis({
  redis,
  prefix,
  log,
  checkEveryMs = CHECK_EVERY_MS,
}: RedisHealthOptions): RedisHealth {
  const stopping = new AbortController();
  const listeners: ((problems: readonly RedisProblem[]) => void)[] = [];
  let problems: readonly RedisProblem[] = [];
  let lacking: readonly RedisProblem[] = [];
  let rightsCheckedAt = Number.NEGATIVE_INFINITY;
  let checking: Promise<void> | undefined;

  async function check(): Promise<void> {
    if (!isReady(redis)) return report([]);
    const write = await tryWrite(redis, prefix);
    if (write === undefined && Date.now() - rightsCheckedAt >= RIGHTS_EVERY_MS) {
      lacking = await tryRights(redis, prefix);
      rightsCheckedAt = Date.now();
    }
    report(write === undefined ? lacking : [write]);
  }

  function report(found: readonly RedisProblem[]): void {
    const [before, now] = [problems, found].map((each) => each.map(({ text }) => text).join('; '));
    problems = found;
    if (before === now) return;
    // A connection that is lost has no problems of its own: it is logged as lost, and as back.
    if (now === '' && isReady(redis)) log.info('Redis is healthy again');
    if (now !== '') log.warn({ problems: now }, 'Redis cannot do what Skipper needs');
    for (const listener of listeners) listener(found);
  }

  /** One check at a time: they must not pile up on a Redis that hangs. */
  function checkOnce(): Promise<void> {
    checking ??= check()
      .catch((error: unknown) => log.debug({ reason: messageOf(error) }, 'Redis cannot be checked'))
      .finally(() => {
        checking = undefined;
      });
    return checking;
  }

  async function watch(): Promise<void> {
    while (!stopping.signal.aborted) {
      await checkOnce();
      await pause(checkEveryMs, { signal: stopping.signal, ref: false });
    }
  }

  void watch();
  return {
    problems: () => problems,
    check: async () => {
      await checkOnce();
      return problems;
    },
    onChange: (listener) => {
      listeners.push(listener);
    },
    stop: () => stopping.abort(),
  };
}

async function tryWrite(redis: RedisConnection, prefix: string): Promise<RedisProblem | undefined> {
  try {
    await redis.set(`${prefix}:probe`, '1', 'PX', PROBE_TTL_MS);
    return undefined;
  } catch (error) {
    // A connection that was lost in the meantime is reported as lost.
    return isReady(redis) ? explainRedisError(error, prefix) : undefined;
  }
}

/**
 * One command for each permission that queue, records and pages need. Redis checks the permission before the type of the
 * key, so a command for another type than the probe's does no harm.
 */
function trials(prefix: string): readonly (readonly [string, ...string[]])[] {
  const key = `${prefix}:probe`;
  return [
    ['INFO', 'memory'],
    ['CLIENT', 'LIST', 'ID', '0'],
    ['PUBLISH', `${prefix}:changes`, ''],
    ['EVAL', 'return 1', '1', prefix],
    ['EVALSHA', '0'.repeat(40), '1', prefix],
    ['GET', key],
    ['HGETALL', key],
    ['SMEMBERS', key],
    ['ZRANGE', key, '0', '0'],
    ['LRANGE', key, '0', '0'],
    ['XADD', key, '*', 'a', 'b'],
    ['BZPOPMIN', key, '0.01'],
    ['EXPIRE', key, '60'],
  ];
}

async function tryRights(redis: RedisConnection, prefix: string): Promise<RedisProblem[]> {
  const tried = await Promise.all(
    trials(prefix).map(([command, ...args]) =>
      redis.call(command, ...args).then(
        (answer) => (command === 'INFO' ? explainRedisInfo(String(answer)) : []),
        (error: unknown) => lackOf(messageOf(error), prefix),
      ),
    ),
  );
  const problems = tried.flat();
  return problems.filter(({ text }, index) => problems.findIndex((each) => each.text === text) === index);
}

function lackOf(message: string, prefix: string): RedisProblem[] {
  return message.startsWith('NOPERM') ? [{ text: missingRight(message, prefix), blocks: true }] : [];
}
