import { setTimeout as pause } from 'node:timers/promises';
import { BaseAdapter } from '@bull-board/api/dist/queueAdapters/base.js';
import type {
  JobCounts,
  JobRetryStatus,
  JobStatus,
  QueueJob,
  QueueJobJson,
  QueueMetrics,
  Status,
} from '@bull-board/api/typings/app';
import type { FleetRow } from '../../domain/fleet/fleet-row.ts';
import type { DeployService } from '../../shared/deploy-service.ts';
import type { FleetView } from '../fleet-view/fleet-view.ts';
import { HttpProblem } from '../problem.ts';
import { deployFromBoard, NAMESPACE_SCHEMA, namespaceOf, type RetriesAll } from './board-queue.ts';
import {
  countFleetStates,
  explain,
  FLEET_DESCRIPTION,
  FLEET_STATES,
  fleetStateOf,
  pageOf,
  toFleetJob,
} from './fleet-job.ts';
import { statusPageOf } from './links.ts';

export const FLEET_QUEUE = 'fleet';

const ROW_TIMEOUT_MS = 2_000;
const POLL_INTERVAL_MS = 50;

export interface FleetQueueOptions {
  readonly view: Pick<FleetView, 'rows' | 'row'>;
  readonly service: DeployService;
  readonly readOnlyMode: boolean;
  /** The queue that does the work: the source of throughput and of Redis information. */
  readonly deploys: Pick<BaseAdapter, 'getMetrics' | 'getRedisInfo'>;
}

/**
 * The fleet as a queue: one job per namespace, read from memory. Nothing is stored; an action on a job is a deploy, or
 * refused (policy.ts). Of type Bull, because the board queries BullMQ queues for flows.
 */
export class FleetQueueAdapter extends BaseAdapter implements RetriesAll {
  private readonly options: FleetQueueOptions;
  private readonly seenAt = Date.now();

  constructor(options: FleetQueueOptions) {
    super('bull', {
      readOnlyMode: options.readOnlyMode,
      displayName: 'Fleet',
      description: FLEET_DESCRIPTION,
      jobDataSchema: NAMESPACE_SCHEMA,
      externalJobUrl: ({ data }) => statusPageOf(data.namespace, linkText(data)),
    });
    this.options = options;
  }

  getName(): string {
    return FLEET_QUEUE;
  }

  getStatuses(): Status[] {
    return ['latest', ...FLEET_STATES];
  }

  getJobStatuses(): JobStatus[] {
    return [...FLEET_STATES];
  }

  async getJobCounts(): Promise<JobCounts> {
    return countFleetStates(this.options.view.rows());
  }

  async getJobs(states: JobStatus[], start = 0, end = Number.POSITIVE_INFINITY): Promise<QueueJob[]> {
    return pageOf(this.options.view.rows(), states, start, end).map((row) => this.toJob(row));
  }

  async getJob(namespace: string): Promise<QueueJob | undefined> {
    const row = this.options.view.row(namespace);
    return row && this.toJob(row);
  }

  async getJobLogs(namespace: string): Promise<string[]> {
    const row = this.options.view.row(namespace);
    return row ? explain(row) : [];
  }

  async addJob(_name: string, data: unknown): Promise<QueueJob> {
    const namespace = namespaceOf(data);
    await this.deploy([namespace]);
    // The service knows the namespace: its row appears a moment later.
    const deadline = Date.now() + ROW_TIMEOUT_MS;
    for (;;) {
      const job = await this.getJob(namespace);
      if (job) return job;
      if (Date.now() > deadline) throw new HttpProblem(404, 'not_found', `namespace ${namespace} is gone`);
      await pause(POLL_INTERVAL_MS);
    }
  }

  async retryAll(status: JobRetryStatus): Promise<number> {
    return this.deployAll(status);
  }

  async promoteAll(): Promise<void> {
    await this.deployAll('delayed');
  }

  getRedisInfo(): Promise<string | null> {
    return this.options.deploys.getRedisInfo();
  }

  getMetrics(...range: Parameters<BaseAdapter['getMetrics']>): Promise<QueueMetrics> {
    return this.options.deploys.getMetrics(...range);
  }

  async isPaused(): Promise<boolean> {
    return false;
  }

  /** "Pause all" calls this, too: the fleet queue has nothing to pause. */
  async pause(): Promise<void> {}

  async resume(): Promise<void> {}

  async clean(): Promise<void> {
    throw viewOnly();
  }

  async empty(): Promise<void> {
    throw viewOnly();
  }

  async obliterate(): Promise<void> {
    throw viewOnly();
  }

  async getJobSchedulers(): Promise<[]> {
    return [];
  }

  async getJobSchedulersCount(): Promise<number> {
    return 0;
  }

  async removeJobScheduler(): Promise<boolean> {
    return false;
  }

  async updateJobScheduler(): Promise<'not-found'> {
    return 'not-found';
  }

  async runJobSchedulerNow(): Promise<'not-found'> {
    return 'not-found';
  }

  async getGlobalConcurrency(): Promise<null> {
    return null;
  }

  async setGlobalConcurrency(): Promise<void> {
    throw viewOnly();
  }

  private toJob(row: FleetRow): QueueJob {
    const deploy = () => this.deploy([row.namespace]);
    return {
      opts: {},
      retry: deploy,
      promote: deploy,
      remove: async () => {
        throw viewOnly();
      },
      getState: async () => fleetStateOf(row),
      toJSON: (): QueueJobJson => toFleetJob(row, this.seenAt),
    };
  }

  private async deployAll(state: string): Promise<number> {
    const rows = this.options.view.rows().filter((row) => fleetStateOf(row) === state);
    if (rows.length === 0)
      throw new HttpProblem(409, 'conflict', `no namespace is in the state "${state}" any more`);
    await this.deploy(rows.map((row) => row.namespace));
    return rows.length;
  }

  private async deploy(namespaces: readonly string[]): Promise<void> {
    await deployFromBoard(this.options.service, namespaces, false);
  }
}

function linkText({ status, channel, version }: FleetRow): string {
  return [status, channel, version].filter(Boolean).join(' · ');
}

function viewOnly(): HttpProblem {
  return new HttpProblem(409, 'conflict', 'this queue is a view of the fleet: it stores nothing');
}
