import type { JobRetryStatus } from '@bull-board/api/typings/app';
import type { Job, JobProgress } from 'bullmq';
import type { Core } from '../../shared/core.ts';
import type { DeployJob } from '../../shared/queues.ts';
import { HttpProblem } from '../problem.ts';
import { deployFromBoard, NAMESPACE_SCHEMA, namespaceOf, type RetriesAll } from './board-queue.ts';
import { statusPageOf } from './links.ts';
import { readableDeployResult, readableProgress } from './readable.ts';
import { type BoardJob, WorkedQueueAdapter } from './worked-queue.ts';

/** Jobs are read in pages of this many. */
const READ_CHUNK = 1_000;

export type DeployQueueCore = Pick<Core, 'deployQueue' | 'service' | 'state' | 'cluster'>;

/** The deploy queue: actions that mean a deploy go through the service. The library is extended by subclassing. */
export class DeployQueueAdapter extends WorkedQueueAdapter implements RetriesAll {
  private readonly core: DeployQueueCore;

  constructor(core: DeployQueueCore, readOnlyMode: boolean) {
    super(core.deployQueue, {
      readOnlyMode,
      displayName: 'Deploys',
      description: [
        'One job per namespace that has work to do.',
        "Retry deploys the release that was requested last, Add and Duplicate the channel's current one, Promote starts the next attempt now.",
        'Pause stops all deploys until the queue is resumed; running deploys finish.',
        'Failed jobs stay as history until they are cleaned: current failures are in the fleet queue.',
      ].join(' '),
      jobDataSchema: NAMESPACE_SCHEMA,
      externalJobUrl: ({ data }) => statusPageOf(data.namespace, `${data.namespace} on the fleet page`),
    });
    this.core = core;
    this.setFormatter('name', (job: { name: string; data?: Partial<DeployJob> }) =>
      String(job.data?.namespace ?? job.name),
    );
    this.setFormatter('progress', readableProgress);
    this.setFormatter('returnValue', readableDeployResult);
  }

  override async addJob(_name: string, data: unknown): Promise<Job> {
    return this.deploy(namespaceOf(data), false);
  }

  /** One rollout of the namespaces whose latest deploy is in this state; older jobs are history. */
  async retryAll(status: JobRetryStatus): Promise<number> {
    const { state, cluster, service } = this.core;
    const known = new Set(cluster.namespaces());
    const candidates = (await this.namespacesIn(status)).filter((namespace) => known.has(namespace));
    const records = await state.records(candidates);
    const namespaces = candidates.filter((namespace) => records.get(namespace)?.state === status);
    if (namespaces.length === 0) {
      const reason = `no namespace's latest deploy has ${status}: each has a newer request, or is gone`;
      throw new HttpProblem(409, 'conflict', reason);
    }
    await deployFromBoard(service, namespaces, true);
    return namespaces.length;
  }

  private async namespacesIn(status: JobRetryStatus): Promise<string[]> {
    const namespaces = new Set<string>();
    for (let start = 0; ; start += READ_CHUNK) {
      const jobs = await super.getJobs([status], start, start + READ_CHUNK - 1);
      for (const job of jobs) namespaces.add((job as unknown as Job<DeployJob>).data.namespace);
      if (jobs.length < READ_CHUNK) return [...namespaces];
    }
  }

  /** BullMQ's own retry would bypass deduplication, and find nothing left to do in the desired state. */
  protected override guard(job: Job<DeployJob>): BoardJob {
    job.retry = async () => {
      await this.deploy(job.data.namespace, true);
    };
    const toJSON = job.toJSON.bind(job);
    job.toJSON = () => {
      const json = toJSON();
      // Always the namespace: on every card it would only be noise.
      return { ...json, deduplicationId: undefined, progress: progressOf(json) };
    };
    return super.guard(job);
  }

  private async deploy(namespace: string, again: boolean): Promise<Job> {
    const target = (await deployFromBoard(this.core.service, [namespace], again)).get(namespace);
    const job = target?.jobId === undefined ? undefined : await super.getJob(target.jobId);
    if (!job) {
      throw new HttpProblem(
        503,
        'unexpected',
        'the deploy was requested; its job will be queued within seconds',
      );
    }
    return job as unknown as Job;
  }
}

/** A quick run has ended before it published any progress. */
function progressOf({
  progress,
  returnvalue,
}: Pick<Job<DeployJob>, 'progress' | 'returnvalue'>): JobProgress {
  const isDone = typeof progress === 'number' && typeof returnvalue === 'object' && returnvalue !== null;
  return isDone ? { phase: 'done' } : progress;
}
