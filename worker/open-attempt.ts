import type { Job } from 'bullmq';
import type { Logger } from 'pino';
import type { FailurePolicy } from '../domain/deploy/after-failure.ts';
import type { DeployJob } from '../shared/queues.ts';
import type { Publications } from '../shared/state/publications.ts';
import type { Run, Runs } from '../shared/state/runs.ts';
import type { SettleTime } from './adapt-settle-time.ts';
import type { DeployResult } from './deploy-namespace.ts';
import type { Leases } from './leases.ts';
import type { OpenContext } from './open-context.ts';
import type { Pace } from './pace-requests.ts';
import type { EventPublisher } from './publish-events.ts';
import type { RecheckRepair } from './recheck-repair.ts';
import type { WorkerDependencies } from './run-context.ts';
import type { Waker } from './wake-parked.ts';
import type { Outage } from './watch-outage.ts';

export interface ProcessDependencies extends WorkerDependencies, Omit<FailurePolicy, 'random'> {
  readonly state: Pick<Runs, 'begin' | 'report' | 'finish' | 'park' | 'releaseLease'> &
    Pick<Publications, 'publicationIn'>;
  readonly leases: Leases;
  readonly waker: Pick<Waker, 'watch' | 'blindMs' | 'deadEndMs'>;
  readonly settleTime: SettleTime;
  readonly pace: Pace;
  readonly recheckRepair: RecheckRepair;
  readonly outage: Pick<Outage, 'current' | 'check'>;
  /** Left out if no Events are written. */
  readonly events?: Pick<EventPublisher, 'publish'> | undefined;
  readonly log: Logger;
  /** Aborted when the worker must stop all its runs. */
  readonly stopping: AbortSignal;
}

/** The result of a job, shown on the board. */
export type JobResult =
  | (Omit<DeployResult, 'bootstrap'> & {
      readonly rolloutId: string;
      readonly durationMs: number;
      readonly bootstrapExitCode?: number | undefined;
    })
  | { readonly outcome: 'nothing new' }
  | { readonly outcome: 'skipped'; readonly reason: string; readonly rolloutId: string };

/** An attempt of a run, in its job. */
export interface OpenAttempt {
  readonly job: Job<DeployJob>;
  readonly token: string | undefined;
  readonly run: Run;
  readonly context: OpenContext;
}

/** The end of an attempt: the result of its job, and whether there was another request in the meantime. */
export interface Conclusion {
  readonly result: JobResult;
  readonly moved: boolean;
}

/** What is known about the target of a run, however it ends. */
export function targetOf(run: Run, jobId: string | undefined) {
  return {
    version: run.release.version,
    attempt: run.attempt,
    jobId,
    startedAt: run.startedAt,
    ...(run.coalesced ? { coalesced: true } : {}),
  };
}
