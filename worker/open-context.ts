import type { Job } from 'bullmq';
import type { Logger } from 'pino';
import { toError } from '../domain/errors.ts';
import type { AttemptEnd } from '../domain/rollout/attempt.ts';
import type { RunPhase } from '../domain/rollout/phase.ts';
import type { KubernetesClient } from '../shared/kubernetes/client.ts';
import type { DeployJob } from '../shared/queues.ts';
import { type AttemptEnding, encodeSteps } from '../shared/state/history.ts';
import type { Run, Runs } from '../shared/state/runs.ts';
import type { SettleTime } from './adapt-settle-time.ts';
import { type AttemptResult, startAttemptRecorder } from './attempt-recorder.ts';
import { checkedClient } from './checked-client.ts';
import { createJobLog } from './job-log.ts';
import type { Lease } from './leases.ts';
import type { Pace } from './pace-requests.ts';
import { pacedClient } from './paced-client.ts';
import { createProgressPublisher } from './progress-publisher.ts';
import type { RecheckRepair } from './recheck-repair.ts';
import type { RunContext, WorkerDependencies } from './run-context.ts';
import type { Waker } from './wake-parked.ts';
import { createWriteQueue } from './write-queue.ts';

/** The phase that is shown during a step; short steps have none. */
const PHASE_OF: Partial<Record<string, RunPhase>> = {
  'apply-rbac': 'applying',
  'apply-application': 'applying',
  'delete-bootstrap-pod': 'bootstrapping',
  'create-bootstrap-pod': 'bootstrapping',
};

export interface OpenContext extends RunContext {
  /** Resolves when everything published so far is stored; progress that is not published yet is dropped. */
  readonly settle: () => Promise<void>;
  /** The deployment id that the attempt has waited for; undefined if it did not get that far. */
  readonly awaited: () => string | undefined;
  /** True once this request has written something that must be verified, in this attempt or in an earlier one. */
  readonly hasWritten: () => boolean;
  /** The steps so far, for the record of a parked run. */
  readonly encodedSteps: () => string;
  /** Ends this attempt, and returns its entry for the history. */
  readonly ending: (end: AttemptEnd, result: AttemptResult) => AttemptEnding;
}

export interface ContextDependencies extends WorkerDependencies {
  readonly state: Pick<Runs, 'report'>;
  readonly stopping: AbortSignal;
  readonly log: Logger;
  readonly waker: Pick<Waker, 'blindMs' | 'deadEndMs'>;
  readonly settleTime: Pick<SettleTime, 'forRun'>;
  readonly pace: Pace;
  readonly recheckRepair: RecheckRepair;
}

/** Opens the context of an attempt: progress goes to the job and the desired state, details into the history. */
export function openContext(
  job: Job<DeployJob>,
  run: Run,
  lease: Lease,
  dependencies: ContextDependencies,
): OpenContext {
  const { state, stopping, cluster, metrics, settings, waker } = dependencies;
  const { namespace } = job.data;
  const { rolloutId: rollout, attempt } = run;
  const log = dependencies.log.child({ rollout, namespace, job: job.id, attempt });
  const recorder = startAttemptRecorder(run, job.id ?? '');
  const writes = createWriteQueue(log);
  const jobLog = createJobLog((entry) => writes.add(() => job.log(entry)));
  let awaited: string | undefined;
  let hasWritten = run.appliedAt !== undefined;
  const publisher = createProgressPublisher(({ phase, detail }, isNewPhase) => {
    // The time at which the phase started, not the detail within it.
    const since: Record<string, number> = isNewPhase ? { changedAt: Date.now() } : {};
    const steps = encodeSteps(recorder.steps());
    writes.add(() => state.report(namespace, run, { phase, reason: detail, steps, ...since }));
    writes.add(() => job.updateProgress(detail === '' ? { phase } : { phase, detail }));
  });
  const signal = AbortSignal.any([stopping, lease.signal]);
  // After the wait at the gate: a write can wait there for long.
  const client = checkedClient(dependencies.client, async () => {
    await dependencies.recheckRepair(namespace, run);
    lease.assertOurs();
  });
  return {
    client: paced(
      { ...dependencies, client },
      {
        isUrgent: run.isUrgent,
        signal,
        lease,
        canStop: () => awaited === undefined,
      },
    ),
    cluster,
    metrics,
    settings,
    namespace,
    log,
    signal,
    interrupted: lease.interrupted,
    parkAfterMs: dependencies.settleTime.forRun(run),
    blindMs: () => (run.resumed ? waker.blindMs(namespace) : 0),
    deadEndMs: () => (run.resumed ? waker.deadEndMs(namespace) : 0),
    assertOurs: lease.assertOurs,
    step: (kind, text) => {
      recorder.begin(kind, text);
      const phase = PHASE_OF[kind];
      if (phase) publisher.update({ phase, detail: text });
    },
    progress: (phase, detail = '') => {
      recorder.begin(phase, detail);
      publisher.update({ phase, detail });
    },
    awaits: (deploymentId) => {
      awaited = deploymentId;
    },
    awaited: () => awaited,
    hasWritten: () => hasWritten,
    keepBootstrap: recorder.keepBootstrap,
    encodedSteps: () => encodeSteps(recorder.steps()),
    ending: recorder.ending,
    remember: async (fields) => {
      hasWritten ||= 'appliedAt' in fields;
      await state.report(namespace, run, fields);
    },
    logToJob: jobLog.add,
    settle: () => {
      publisher.stop();
      jobLog.flush();
      return writes.settled();
    },
  };
}

interface PacedRun {
  readonly isUrgent: boolean;
  readonly signal: AbortSignal;
  readonly lease: Lease;
  /** Nothing is written yet that must be verified. */
  readonly canStop: () => boolean;
}

function paced(
  { client, pace }: Pick<ContextDependencies, 'client' | 'pace'>,
  run: PacedRun,
): KubernetesClient {
  const { isUrgent, signal, lease } = run;
  const stopped = AbortSignal.any([signal, lease.interrupted]);
  return pacedClient(client, {
    enter: async () => {
      try {
        // The lease can be lost during the wait.
        await pace.enter({ isUrgent, signal: run.canStop() ? stopped : signal, check: lease.assertOurs });
      } catch (error) {
        const isInterrupted = lease.interrupted.aborted && run.canStop() && !signal.aborted;
        throw isInterrupted ? toError(lease.interrupted.reason) : error;
      }
    },
    left: pace.left,
  });
}
