import { DelayedError, type Job } from 'bullmq';

/** Delays a job without using one of its attempts; the queue recognises that by this error. */
export async function delayJob(job: Job, token: string | undefined, delayMs: number): Promise<DelayedError> {
  await job.moveToDelayed(Date.now() + delayMs, token);
  return new DelayedError();
}
