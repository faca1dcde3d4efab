import type { Queue } from 'bullmq';
import { z } from 'zod';
import type { ReleaseCheckSchedule } from '../domain/fleet/release-check-schedule.ts';
import { RELEASE_CHECK_JOB } from './queues.ts';

/** Workers publish their setting with the schedule, so that every API can show it. */
const ReleaseCheckJob = z.object({ autoUpdate: z.boolean() });
export type ReleaseCheckJob = Readonly<z.infer<typeof ReleaseCheckJob>>;

/** The schedule set by the latest worker to start; undefined until a worker has started. */
export async function readReleaseCheckSchedule(
  queue: Pick<Queue, 'getJobScheduler'>,
): Promise<ReleaseCheckSchedule | undefined> {
  const scheduler = await queue.getJobScheduler(RELEASE_CHECK_JOB);
  const job = ReleaseCheckJob.safeParse(scheduler?.template?.data);
  if (scheduler?.every === undefined || scheduler.next === undefined || !job.success) return undefined;
  return {
    autoUpdate: job.data.autoUpdate,
    intervalSeconds: Number(scheduler.every) / 1000,
    nextAt: scheduler.next,
  };
}

export function isSameSchedule(
  a: Omit<ReleaseCheckSchedule, 'nextAt'>,
  b: Omit<ReleaseCheckSchedule, 'nextAt'>,
): boolean {
  return a.autoUpdate === b.autoUpdate && a.intervalSeconds === b.intervalSeconds;
}
