import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type { JobCounts, JobStatus, QueueAdapterOptions, Status } from '@bull-board/api/typings/app';
import type { Job, Queue } from 'bullmq';
import { guardRemoval } from './guard-removal.ts';

export type BoardJob = NonNullable<Awaited<ReturnType<BullMQAdapter['getJob']>>>;

/** The states that our jobs can be in: none has children. Prioritized ones wait, too, behind those of an operator's request. */
const STATES = [
  'active',
  'waiting',
  'prioritized',
  'delayed',
  'failed',
  'completed',
] as const satisfies readonly JobStatus[];

/** A queue that workers take jobs from: shows only the states it uses, and only finished jobs can be removed. */
export abstract class WorkedQueueAdapter extends BullMQAdapter {
  private readonly worked: Queue;

  constructor(queue: Queue, options: Partial<QueueAdapterOptions>) {
    super(queue, options);
    this.worked = queue;
  }

  override getStatuses(): Status[] {
    return ['latest', ...STATES];
  }

  override getJobStatuses(): JobStatus[] {
    return [...STATES];
  }

  override async getJobCounts(): Promise<JobCounts> {
    return this.worked.getJobCounts(...STATES);
  }

  override async getJob(id: string) {
    const job = await super.getJob(id);
    return job && this.guard(job as unknown as Job);
  }

  override async getJobs(...args: Parameters<BullMQAdapter['getJobs']>) {
    const jobs = await super.getJobs(...args);
    return jobs.map((job) => this.guard(job as unknown as Job));
  }

  protected guard(job: Job): BoardJob {
    return guardRemoval(job) as unknown as BoardJob;
  }
}
