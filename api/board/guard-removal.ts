import type { Job } from 'bullmq';
import { HttpProblem } from '../problem.ts';

/** Allows removing only finished jobs: a request stays in the desired state, so its job would come back. */
export function guardRemoval<T extends Pick<Job, 'remove' | 'getState'>>(job: T): T {
  const remove = job.remove.bind(job);
  job.remove = async () => {
    const state = await job.getState();
    if (state !== 'completed' && state !== 'failed') {
      throw new HttpProblem(
        409,
        'conflict',
        `this job is ${state}: its request stays, so it would be queued again within seconds; pause the queue to hold it`,
      );
    }
    await remove();
  };
  return job;
}
