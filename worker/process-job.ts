import { DelayedError, type Job, UnrecoverableError } from 'bullmq';
import type { Logger } from 'pino';
import { type BackoffPolicy, fullJitterDelay } from '../shared/domain/backoff.ts';
import type { RolloutTarget } from '../shared/domain/rollout.ts';
import { errorClassOf, messageOf, SkipperError, toError } from '../shared/errors.ts';
import type { DeployJob } from '../shared/queues.ts';
import type { DesiredState, Run } from '../shared/state/desired-state.ts';
import { type DeployResult, deployNamespace } from './deploy-namespace.ts';
import { LEASE_MS, type Lease, type Leases } from './leases.ts';
import type { RunContext, WorkerDependencies } from './run-context.ts';

/** Another run has the namespace: look again after this long. */
const BUSY_DELAY_MS = 1_000;
/** The API server may say "too many requests" this often before it counts as a failure. */
const THROTTLED_AT_MOST = 100;
/** Details of what a run waits for are told at most this often. */
const DETAIL_INTERVAL_MS = 1_000;

export interface ProcessDependencies extends WorkerDependencies {
  readonly state: DesiredState;
  readonly leases: Leases;
  readonly log: Logger;
  readonly maxAttempts: number;
  readonly backoff: BackoffPolicy;
  /** Aborted when the worker must let go of everything. */
  readonly stopping: AbortSignal;
}

/** What a job leaves behind on the board. */
export type JobResult =
  | (DeployResult & { readonly rolloutId: string; readonly durationMs: number })
  | { readonly outcome: 'nothing new' }
  | { readonly outcome: 'skipped'; readonly reason: string; readonly rolloutId: string };

/** An attempt that failed and will be made again; the queue reads the wait from it. */
export class RetryError extends Error {
  readonly delayMs: number;

  constructor(message: string, delayMs: number, cause: unknown) {
    super(message, { cause });
    this.name = 'RetryError';
    this.delayMs = delayMs;
  }
}

/** Carries a namespace to what the desired state asks, and again if that moved meanwhile. */
export async function processJob(
  job: Job<DeployJob>,
  token: string | undefined,
  dependencies: ProcessDependencies,
): Promise<JobResult> {
  const { state, leases } = dependencies;
  const { namespace } = job.data;
  const holder = job.id ?? namespace;
  for (;;) {
    const lease = leases.hold(namespace);
    try {
      const begin = await state.begin(namespace, holder, lease.token, LEASE_MS);
      if (begin.kind === 'idle') return { outcome: 'nothing new' };
      if (begin.kind === 'busy') throw await putOff(job, token, BUSY_DELAY_MS);
      const { result, moved } = await runOnce(job, token, begin.run, lease, dependencies);
      if (!moved) return result;
    } finally {
      lease.end();
    }
  }
}

async function runOnce(
  job: Job<DeployJob>,
  token: string | undefined,
  run: Run,
  lease: Lease,
  dependencies: ProcessDependencies,
): Promise<{ result: JobResult; moved: boolean }> {
  const { state, metrics } = dependencies;
  const { namespace } = job.data;
  const began = Date.now();
  const context = openContext(job, run, lease, dependencies);
  try {
    const result = await deployNamespace(run, context);
    await context.settle();
    const moved = await state.finish(namespace, run, completedTarget(run, result, job.id));
    const durationMs = Date.now() - began;
    metrics.runs.inc({ outcome: result.outcome });
    metrics.runDuration.observe(durationMs / 1000);
    context.note(
      `${result.outcome} ${result.version} in ${durationMs} ms${result.warnings.map((w) => `; ${w}`).join('')}`,
    );
    await context.settle();
    context.log.info({ outcome: result.outcome, version: result.version, durationMs }, 'namespace is right');
    return { result: { ...result, rolloutId: run.rolloutId, durationMs }, moved };
  } catch (thrown) {
    await context.settle();
    // When the worker stops, whatever broke off broke off for that reason.
    const error = dependencies.stopping.aborted
      ? new SkipperError('shutting_down', 'the worker stops; another one goes on')
      : lease.signal.aborted
        ? toError(lease.signal.reason)
        : toError(thrown);
    return conclude(error, job, token, run, context, dependencies);
  }
}

/** What a failed attempt leads to: skipped, failed, put off, or tried again. */
async function conclude(
  error: Error,
  job: Job<DeployJob>,
  token: string | undefined,
  run: Run,
  context: OpenContext,
  dependencies: ProcessDependencies,
): Promise<{ result: JobResult; moved: boolean }> {
  const { state, metrics, maxAttempts, backoff } = dependencies;
  const { namespace } = job.data;
  const code = error instanceof SkipperError ? error.code : 'unexpected';
  const details = error instanceof SkipperError ? error.details : [];
  if (code === 'shutting_down') {
    await state.report(namespace, run, { phase: 'queued', attempt: run.attempt - 1 });
    await state.releaseLease(namespace, run.token);
    throw await putOff(job, token, 0);
  }
  // Whoever has taken over has the say now; without Redis there is nobody to tell.
  if (code === 'superseded_worker' || code === 'redis_unavailable') throw error;
  metrics.attemptsFailed.inc({ code });
  if (errorClassOf(error) === 'skipped') {
    const reason = `skipped: ${error.message}`;
    context.note(reason);
    await context.settle();
    const target: RolloutTarget = {
      ...targetOf(run, job.id),
      state: 'cancelled',
      outcome: 'skipped',
      code,
      reason,
    };
    const moved = await state.finish(namespace, run, { ...target, finishedAt: Date.now() });
    metrics.runs.inc({ outcome: 'skipped' });
    return { result: { outcome: 'skipped', reason, rolloutId: run.rolloutId }, moved };
  }
  const throttled = code === 'rate_limited' && run.throttled < THROTTLED_AT_MOST;
  const final = errorClassOf(error) === 'permanent' || (!throttled && run.attempt >= maxAttempts);
  if (final) {
    context.note(`attempt ${run.attempt} failed for good (${code}): ${error.message}`);
    for (const detail of details) context.note(`  ${detail}`);
    await context.settle();
    const moved = await state.finish(namespace, run, {
      ...targetOf(run, job.id),
      state: 'failed',
      code,
      reason: error.message,
      ...(details.length === 0 ? {} : { details }),
      finishedAt: Date.now(),
    });
    metrics.runs.inc({ outcome: 'failed' });
    context.log.error({ err: error, code, details }, 'namespace failed');
    if (moved) return { result: { outcome: 'nothing new' }, moved };
    throw new UnrecoverableError(error.message);
  }
  const asked = error instanceof SkipperError ? (error.retryAfterMs ?? 0) : 0;
  const jitter = fullJitterDelay(throttled ? run.throttled : run.attempt - 1, backoff);
  const delayMs = Math.max(asked + (asked > 0 ? Math.round(Math.random() * 1_000) : 0), jitter, 50);
  const reason = `attempt ${run.attempt} failed (${code}): ${messageOf(error)}; next in ${(delayMs / 1000).toFixed(1)} s`;
  context.note(reason);
  await context.settle();
  context.log.warn({ err: error, code, delayMs }, 'attempt failed, will retry');
  await state.report(
    namespace,
    run,
    {
      phase: 'backoff',
      reason,
      retryAt: Date.now() + delayMs,
      changedAt: Date.now(),
      ...(throttled ? { attempt: run.attempt - 1, throttled: run.throttled + 1 } : {}),
    },
    { ...targetOf(run, job.id), state: 'running', code, reason },
  );
  await state.releaseLease(namespace, run.token);
  if (throttled) throw await putOff(job, token, delayMs);
  throw new RetryError(messageOf(error), delayMs, error);
}

/** Puts a job back without burning an attempt; the error tells the queue that this was done. */
async function putOff(job: Job, token: string | undefined, delayMs: number): Promise<DelayedError> {
  await job.moveToDelayed(Date.now() + delayMs, token);
  return new DelayedError();
}

function targetOf(run: Run, jobId: string | undefined) {
  return { version: run.release.version, attempt: run.attempt, jobId, startedAt: run.startedAt };
}

function completedTarget(run: Run, result: DeployResult, jobId: string | undefined): RolloutTarget {
  return {
    ...targetOf(run, jobId),
    state: 'completed',
    outcome: result.outcome,
    reason: result.reason,
    ...(result.warnings.length === 0 ? {} : { warnings: result.warnings }),
    finishedAt: Date.now(),
  };
}

interface OpenContext extends RunContext {
  /** Resolves when everything told so far has arrived. */
  readonly settle: () => Promise<void>;
}

function openContext(
  job: Job<DeployJob>,
  run: Run,
  lease: Lease,
  dependencies: ProcessDependencies,
): OpenContext {
  const { state, stopping, client, fleet, metrics, settings } = dependencies;
  const { namespace } = job.data;
  const log = dependencies.log.child({
    rollout: run.rolloutId,
    namespace,
    job: job.id,
    attempt: run.attempt,
  });
  let told = '';
  let toldAt = 0;
  let pending: Promise<unknown> = Promise.resolve();

  /** In order, and never in the way of the run: what cannot be told is lost, not fatal. */
  function tell(send: () => Promise<unknown>): void {
    pending = pending.then(send).catch((error: unknown) => {
      log.debug({ reason: messageOf(error) }, 'progress could not be told');
    });
  }

  return {
    client,
    fleet,
    metrics,
    settings,
    namespace,
    log,
    signal: AbortSignal.any([stopping, lease.signal]),
    assertOurs: lease.assertOurs,
    progress: (phase, detail = '') => {
      const now = Date.now();
      const isNews = !told.startsWith(`${phase}/`);
      if (told === `${phase}/${detail}` || (!isNews && now - toldAt < DETAIL_INTERVAL_MS)) return;
      told = `${phase}/${detail}`;
      toldAt = now;
      tell(() => state.report(namespace, run, { phase, reason: detail, changedAt: now }));
      tell(() => job.updateProgress(detail === '' ? { phase } : { phase, detail }));
    },
    remember: (fields) => state.report(namespace, run, fields),
    note: (line) => tell(() => job.log(`${new Date().toISOString()} ${line}`)),
    settle: () => pending.then(() => undefined),
  };
}
