import type { Job } from 'bullmq';
import type { Logger } from 'pino';
import { messageOf } from '../domain/errors.ts';
import type { Attempt, AttemptEnd, LastBootstrap } from '../domain/rollout/attempt.ts';
import { startAttemptClock } from '../domain/rollout/attempt-clock.ts';
import type { RunPhase } from '../domain/rollout/phase.ts';
import type { DeployJob } from '../shared/queues.ts';
import type { DesiredState } from '../shared/state/desired-state.ts';
import { type AttemptEnding, encodeSteps } from '../shared/state/history.ts';
import type { Run } from '../shared/state/runs.ts';
import { recordOutcome } from '../shared/telemetry/spans.ts';
import type { Lease } from './leases.ts';
import type { RunContext, WorkerDependencies } from './run-context.ts';

/** A new phase is told when it has lasted this long. */
const PHASE_AFTER_MS = 500;
/** What changes within a phase is told at most this often. */
const DETAIL_AFTER_MS = 2_000;

interface Progress {
  readonly phase: string;
  readonly detail: string;
}

type AttemptResult = Pick<Attempt, 'outcome' | 'code' | 'reason' | 'symptoms' | 'retryDelayMs'> & {
  readonly details?: readonly string[];
};

/** What an operator is told while a step lasts; steps that take no time are not told. */
const PHASE_OF: Partial<Record<string, RunPhase>> = {
  'apply-rbac': 'applying',
  'apply-application': 'applying',
  'delete-bootstrap-pod': 'bootstrapping',
  'create-bootstrap-pod': 'bootstrapping',
};

export interface OpenContext extends RunContext {
  /** Resolves when everything told so far has arrived. */
  readonly settle: () => Promise<void>;
  /** What the history keeps of this attempt, which ends now. */
  readonly ending: (end: AttemptEnd, result: AttemptResult) => AttemptEnding;
}

/** Opens the context of one attempt: what is told of it goes to the job and the desired state, and its details is kept. */
export function openContext(
  job: Job<DeployJob>,
  run: Run,
  lease: Lease,
  dependencies: WorkerDependencies & {
    readonly state: DesiredState;
    readonly stopping: AbortSignal;
    readonly log: Logger;
  },
): OpenContext {
  const { state, stopping, client, cluster, metrics, settings } = dependencies;
  const { namespace } = job.data;
  const log = dependencies.log.child({
    rollout: run.rolloutId,
    namespace,
    job: job.id,
    attempt: run.attempt,
  });
  const startedAt = Date.now();
  const clock = startAttemptClock(startedAt, Date.now);
  let bootstrap: LastBootstrap | undefined;
  let told: Progress = { phase: '', detail: '' };
  let next: Progress | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isTimedForDetail = false;
  let pending: Promise<unknown> = Promise.resolve();

  /** In order, and never in the way of the run: what cannot be told is lost, not fatal. */
  function tell(send: () => Promise<unknown>): void {
    pending = pending.then(send).catch((error: unknown) => {
      log.debug({ reason: messageOf(error) }, 'progress could not be told');
    });
  }

  /** What has passed by the time it would be told is not worth the telling: in a fast fleet most phases are. */
  function publishProgress(): void {
    timer = undefined;
    if (next === undefined || (next.phase === told.phase && next.detail === told.detail)) return;
    const { phase, detail } = next;
    // Since when: of the phase, not of the detail that changes within it.
    const since: Record<string, number> = phase === told.phase ? {} : { changedAt: Date.now() };
    told = next;
    const steps = encodeSteps(clock.steps());
    tell(() => state.report(namespace, run, { phase, reason: detail, steps, ...since }));
    tell(() => job.updateProgress(detail === '' ? { phase } : { phase, detail }));
  }

  function progress(phase: RunPhase, detail = ''): void {
    next = { phase, detail };
    const isNew = phase !== told.phase;
    // The next phase does not wait for what was to be told of this one.
    if (isNew && isTimedForDetail) stopTimer();
    if (timer !== undefined) return;
    isTimedForDetail = !isNew;
    timer = setTimeout(publishProgress, isNew ? PHASE_AFTER_MS : DETAIL_AFTER_MS);
  }

  function stopTimer(): void {
    clearTimeout(timer);
    timer = undefined;
  }

  return {
    client,
    cluster,
    metrics,
    settings,
    namespace,
    log,
    signal: AbortSignal.any([stopping, lease.signal]),
    assertOurs: lease.assertOurs,
    step: (kind, text) => {
      clock.begin(kind, text);
      const phase = PHASE_OF[kind];
      if (phase) progress(phase, text);
    },
    progress: (phase, detail) => {
      clock.begin(phase, detail ?? '');
      progress(phase, detail);
    },
    keepBootstrap: (details) => {
      bootstrap = details;
    },
    ending: (end, { details = [], ...result }) => {
      const { code, reason } = result;
      recordOutcome(result.outcome ?? end, code === undefined ? undefined : { code, reason });
      return {
        attempt: {
          rolloutId: run.rolloutId,
          generation: run.generation,
          attempt: run.attempt,
          jobId: job.id ?? '',
          trigger: run.trigger,
          requestedBy: run.requestedBy,
          version: run.release.version,
          startedAt,
          endedAt: Date.now(),
          end,
          details,
          steps: clock.steps(),
          times: 1,
          firstStartedAt: startedAt,
          ...result,
        },
        bootstrap,
      };
    },
    remember: async (fields) => {
      await state.report(namespace, run, fields);
    },
    note: (line) => tell(() => job.log(`${new Date().toISOString()} ${line}`)),
    settle: () => {
      stopTimer();
      return pending.then(() => undefined);
    },
  };
}
