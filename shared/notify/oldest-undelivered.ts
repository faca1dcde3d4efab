import type { Queue } from 'bullmq';
import type { NotificationJob } from '../queues.ts';

/** More wait only in an outage, and these are old then, too. */
const READ_JOBS = 200;

/** When the oldest of the waiting messages was queued; undefined if none waits. */
export async function oldestUndelivered(
  queue: Pick<Queue<NotificationJob>, 'getJobs'>,
): Promise<number | undefined> {
  const jobs = await queue.getJobs(['active', 'waiting', 'prioritized', 'delayed'], 0, READ_JOBS - 1, true);
  const times = jobs.flatMap((job) => (job ? [job.timestamp] : []));
  return times.length === 0 ? undefined : Math.min(...times);
}
