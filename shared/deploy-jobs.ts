import { ErrorCode, type Job, type Queue } from 'bullmq';
import { type DeployJob, deployJobOptions } from './queues.ts';

/** Jobs are added in pipelines of this many. */
const ADD_CHUNK = 1_000;

/** A namespace that needs a job. */
export interface QueuedTarget {
  readonly namespace: string;
  readonly jobId?: string | undefined;
  /** Its job is delayed until the next attempt. */
  readonly backoff: boolean;
}

/** The deploy jobs of namespaces. */
export interface DeployJobs {
  /** Makes sure that each namespace has a job, and that no job is delayed until its next attempt. */
  enqueue(targets: readonly QueuedTarget[]): Promise<void>;
  has(namespace: string): Promise<boolean>;
}

export type DeployQueue = Pick<
  Queue<DeployJob>,
  'addBulk' | 'getJob' | 'getDeduplicationJobId' | 'removeDeduplicationKey'
>;

export function openDeployJobs(queue: DeployQueue): DeployJobs {
  return {
    enqueue: async (targets) => {
      for (let start = 0; start < targets.length; start += ADD_CHUNK) {
        await queue.addBulk(targets.slice(start, start + ADD_CHUNK).map(toJob));
      }
      // A new request does not wait for the backoff of an earlier failure.
      for (const { backoff, jobId } of targets) {
        if (backoff && jobId !== undefined) await promote(await queue.getJob(jobId));
      }
    },
    has: async (namespace) => {
      const jobId = await queue.getDeduplicationJobId(namespace);
      if (!jobId) return false;
      if (await queue.getJob(jobId)) return true;
      await queue.removeDeduplicationKey(namespace);
      return false;
    },
  };
}

function toJob({ namespace, jobId = namespace }: QueuedTarget) {
  return { name: namespace, data: { namespace }, opts: deployJobOptions(namespace, jobId) };
}

async function promote(job: Job<DeployJob> | undefined): Promise<void> {
  if (!(await job?.isDelayed())) return;
  try {
    await job?.promote();
  } catch (error) {
    // It has started in the meantime, which is what promoting is for.
    if (!isNotDelayed(error)) throw error;
  }
}

function isNotDelayed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === ErrorCode.JobNotInState;
}
