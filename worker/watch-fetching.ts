import type { Worker } from 'bullmq';
import type { Core } from '../shared/core.ts';
import { isReady } from '../shared/redis.ts';

const LOOK_EVERY_MS = 10_000;
const STUCK_AFTER_MS = 60_000;

/** How many jobs a worker has in hand, and when that last changed. */
export interface Activity {
  active: number;
  changedAt: number;
}

/** Counts a job while it is in hand. */
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
 * Ends a worker that stopped fetching: jobs wait, it has room, Redis is there, and yet it takes none for a minute. A
 * blocked read that never returns after a failover looks like this, and only a new process repairs it.
 */
export function watchFetching(
  worker: Worker,
  activity: Activity,
  { deployQueue, redis, log }: Pick<Core, 'deployQueue' | 'redis' | 'log'>,
  onBroken: (error: Error) => void,
  { lookEveryMs = LOOK_EVERY_MS, stuckAfterMs = STUCK_AFTER_MS } = {},
): { stop(): void } {
  let idleSince = Date.now();

  async function look(): Promise<void> {
    if (!isReady(redis) || worker.isPaused() || (await deployQueue.isPaused())) {
      idleSince = Date.now();
      return;
    }
    const waiting = await deployQueue.getWaitingCount();
    if (waiting === 0 || activity.active >= worker.concurrency) idleSince = Date.now();
    if (Date.now() - Math.max(idleSince, activity.changedAt) < stuckAfterMs) return;
    clearInterval(timer);
    onBroken(
      new Error(`${waiting} jobs wait, but this worker has fetched none for ${stuckAfterMs / 1000} s`),
    );
  }

  const timer = setInterval(() => {
    look().catch((error: unknown) =>
      log.child({ logger: 'worker' }).debug({ err: error }, 'watchdog could not look'),
    );
  }, lookEveryMs);
  return { stop: () => clearInterval(timer) };
}
