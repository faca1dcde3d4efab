import type { Worker } from 'bullmq';
import type { Core } from '../shared/core.ts';
import { isReady } from '../shared/redis.ts';

const CHECK_EVERY_MS = 10_000;
const STUCK_AFTER_MS = 60_000;

/** The number of jobs that a worker is running, and when it last changed. */
export interface Activity {
  active: number;
  changedAt: number;
}

/** Counts a job while it is running. */
export async function tracked<T>(activity: Activity, work: () => Promise<T>): Promise<T> {
  activity.active += 1;
  activity.changedAt = Date.now();
  try {
    return await work();
  } finally {
    activity.active -= 1;
    activity.changedAt = Date.now();
  }
}

/**
 * Stops a worker that no longer fetches: jobs wait, it has free capacity, Redis is up, but it has taken none for a minute.
 * A blocking read that never returns after a failover has this effect, and only a new process repairs it.
 */
export function watchFetching(
  worker: Worker,
  activity: Activity,
  { deployQueue, redis, log }: Pick<Core, 'deployQueue' | 'redis' | 'log'>,
  onBroken: (error: Error) => void,
  { checkEveryMs = CHECK_EVERY_MS, stuckAfterMs = STUCK_AFTER_MS } = {},
): { stop(): void } {
  let idleSince = Date.now();

  async function check(): Promise<void> {
    if (!isReady(redis) || worker.isPaused() || (await deployQueue.isPaused())) {
      idleSince = Date.now();
      return;
    }
    const waiting = await deployQueue.getJobCountByTypes('waiting', 'prioritized');
    if (waiting === 0 || activity.active >= worker.concurrency) idleSince = Date.now();
    if (Date.now() - Math.max(idleSince, activity.changedAt) < stuckAfterMs) return;
    clearInterval(timer);
    onBroken(
      new Error(`${waiting} jobs wait, but this worker has fetched none for ${stuckAfterMs / 1000} s`),
    );
  }

  const timer = setInterval(() => {
    check().catch((error: unknown) =>
      log.child({ logger: 'worker' }).debug({ err: error }, 'watchdog check failed'),
    );
  }, checkEveryMs);
  return { stop: () => clearInterval(timer) };
}
