import { ErrorCode, type Job, type Queue } from 'bullmq';
import { URGENT } from '../domain/deploy/lane.ts';
import { type DeployJob, deployJobOptions } from './queues.ts';

/** Jobs are added in pipelines of this many. */
const ADD_CHUNK = 1_000;

/** A namespace that needs a job. */
export interface QueuedTarget {
  readonly namespace: string;
  readonly jobId?: string | undefined;
  /** Its job is delayed until the next attempt, or until FDD reacts. */
  readonly backoff: boolean;
  /** It joined an earlier request, whose job can have a lower priority. */
  readonly coalesced?: boolean;
}

/** The deploy jobs of namespaces. */
export interface DeployJobs {
  /** Makes sure that each namespace has a job, and that no job is delayed until its next attempt. */
  enqueue(targets: readonly QueuedTarget[], priority: number): Promise<void>;
  has(namespace: string): Promise<boolean>;
}

export type DeployQueue = Pick<
  Queue<DeployJob>,
  'addBulk' | 'getJob' | 'getDeduplicationJobId' | 'removeDeduplicationKey'
>;

export function openDeployJobs(queue: DeployQueue): DeployJobs {
  return {
    enqueue: async (targets, priority) => {
      for (let start = 0; start < targets.length; start += ADD_CHUNK) {
        await queue.addBulk(targets.slice(start, start + ADD_CHUNK).map((target) => toJob(target, priority)));
      }
      // A new request does not wait for the backoff of an earlier failure.
      for (const { backoff, coalesced, jobId } of targets) {
        const isUrgent = coalesced === true && priority === URGENT;
        if (!(backoff || isUrgent) || jobId === undefined) continue;
        const job = await queue.getJob(jobId);
        if (isUrgent) await job?.changePriority({ priority });
        // An urgent one can be delayed as well: until there is room in the limit of namespaces in flight.
        await promoteIfDelayed(job);
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

function toJob({ namespace, jobId = namespace }: QueuedTarget, priority: number) {
  return { name: namespace, data: { namespace }, opts: deployJobOptions(namespace, jobId, priority) };
}

/** Lets a job begin now; nothing if it does not wait for a time. */
export async function promoteIfDelayed(
  job: Pick<Job<DeployJob>, 'isDelayed' | 'promote'> | undefined,
): Promise<void> {
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
