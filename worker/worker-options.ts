import { MetricsTime, type Worker } from 'bullmq';
import type { Logger } from 'pino';
import type { Core } from '../shared/core.ts';
import type { RedisConnection } from '../shared/redis.ts';

/** A killed worker's jobs are picked up by another one within the sum of these two. */
const LOCK_MS = 5_000;
const STALLED_CHECK_MS = 1_500;
/** A job stalls if its worker died: that does not count as a failure of the job. */
const MAX_STALLS = 100;

/** What all workers of queues have in common. */
export function workerOptions({ prefix }: Pick<Core, 'prefix'>, connection: RedisConnection) {
  return {
    connection,
    prefix,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: MAX_STALLS,
    name: `pid-${process.pid}`,
    // Throughput per minute, for the board.
    metrics: { maxDataPoints: MetricsTime.ONE_WEEK },
  };
}

export function logConnectionErrors(worker: Worker, log: Logger): void {
  worker.on('error', (error) => log.debug({ err: error }, 'queue connection error'));
}
