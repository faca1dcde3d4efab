import type { Logger } from 'pino';
import { messageOf } from '../domain/errors.ts';
import { isReady, type RedisConnection } from './redis.ts';

const MEASURE_EVERY_MS = 15_000;
/** An answer that took longer says too little about the time. */
const LONGEST_ANSWER_MS = 1_000;
/** Smaller differences are noise: of the measurement, and of clocks that are synchronised. */
const LEAST_OFFSET_MS = 250;
const WORTH_A_WARNING_MS = 2_000;

/** The clock of Redis, which all processes share. */
export interface RedisClock {
  /** Milliseconds since the epoch; those of this machine until Redis has answered. */
  now(): number;
  measure(): Promise<void>;
  stop(): void;
}

/**
 * Soak times and deadlines of rollouts begin in one process and end in another one, and the clocks of their machines can
 * differ by minutes. So the times of records and rollouts are those of Redis.
 */
export function openRedisClock(redis: RedisConnection, log: Logger): RedisClock {
  let offsetMs = 0;
  const measure = async () => {
    if (!isReady(redis)) return;
    const sentAt = Date.now();
    const [seconds, microseconds] = await redis.time();
    const answeredAt = Date.now();
    if (answeredAt - sentAt > LONGEST_ANSWER_MS) return;
    const found = offsetOf(Number(seconds) * 1000 + Number(microseconds) / 1000, sentAt, answeredAt);
    if (Math.abs(found) >= WORTH_A_WARNING_MS && Math.abs(found - offsetMs) >= WORTH_A_WARNING_MS) {
      log.warn({ offsetMs: found }, 'the clocks of this machine and of Redis differ: synchronise them');
    }
    offsetMs = found;
  };
  const again = () => {
    measure().catch((error: unknown) =>
      log.debug({ reason: messageOf(error) }, 'the clock of Redis cannot be read'),
    );
  };
  const timer = setInterval(again, MEASURE_EVERY_MS);
  timer.unref();
  redis.on('ready', again);
  again();
  return {
    now: () => Math.round(Date.now() + offsetMs),
    measure,
    stop: () => {
      clearInterval(timer);
      redis.off('ready', again);
    },
  };
}

/** How far this machine is behind; 0 for small differences. */
function offsetOf(redisMs: number, sentAt: number, answeredAt: number): number {
  const offset = Math.round(redisMs - (sentAt + answeredAt) / 2);
  return Math.abs(offset) < LEAST_OFFSET_MS ? 0 : offset;
}
