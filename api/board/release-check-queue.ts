import type { Job, Queue } from 'bullmq';
import { RELEASE_CHECK_JOB } from '../../shared/queues.ts';
import { HttpProblem } from '../problem.ts';
import { readableCheckResult } from './readable.ts';
import { WorkedQueueAdapter } from './worked-queue.ts';

/** The release check and the repair, which check the whole fleet on a schedule. */
export class ReleaseCheckQueueAdapter extends WorkedQueueAdapter {
  constructor(queue: Queue, readOnlyMode: boolean) {
    super(queue, {
      readOnlyMode,
      allowRetries: false,
      displayName: 'Release checks',
      description:
        'release-check reads the release channels and requests a deploy of outdated namespaces; repair queues lost jobs again. Add starts a release check now, Run of a scheduler its own job.',
    });
    this.setFormatter('returnValue', readableCheckResult);
  }

  /** Ignores the data: every added job is a release check. */
  override async addJob(): Promise<Job> {
    const job = await this.runJobSchedulerNow(RELEASE_CHECK_JOB);
    if (job === 'not-found') {
      throw new HttpProblem(409, 'conflict', 'no worker has started yet: the workers run release checks');
    }
    return job as unknown as Job;
  }

  /** "Pause all" calls this, too, but means deploys: the repair of lost jobs continues. */
  override async pause(): Promise<void> {}
}
