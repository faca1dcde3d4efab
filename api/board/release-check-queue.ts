import type { Job, Queue } from 'bullmq';
import { RELEASE_CHECK_JOB } from '../../shared/queues.ts';
import { HttpProblem } from '../problem.ts';
import { readableCheckResult } from './readable.ts';
import { WorkedQueueAdapter } from './worked-queue.ts';

/** The release check and the repair, which look at everything on a schedule. */
export class ReleaseCheckQueueAdapter extends WorkedQueueAdapter {
  constructor(queue: Queue, readOnlyMode: boolean) {
    super(queue, {
      readOnlyMode,
      allowRetries: false,
      displayName: 'Release checks',
      description:
        'Looks at the release channels and asks for a deploy of what is behind (release-check), and queues jobs again that were lost (repair). Add, or Run of a scheduler, looks now.',
    });
    this.setFormatter('returnValue', readableCheckResult);
  }

  /** Whatever is added is a look at the channels. */
  override async addJob(): Promise<Job> {
    const job = await this.runJobSchedulerNow(RELEASE_CHECK_JOB);
    if (job === 'not-found') {
      throw new HttpProblem(409, 'conflict', 'no worker has started yet: it is the workers that look');
    }
    return job as unknown as Job;
  }

  /** "Pause all" comes by here, and means deploys: lost jobs are mended all the same. */
  override async pause(): Promise<void> {}
}
