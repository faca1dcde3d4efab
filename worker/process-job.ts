import { randomUUID } from 'node:crypto';
import { DelayedError, type Job, UnrecoverableError } from 'bullmq';
import type { Logger } from 'pino';
import { type BackoffPolicy, fullJitterDelay } from '../domain/deploy/backoff.ts';
import { errorClassOf, messageOf, SkipperError, toError } from '../domain/errors.ts';
import type { RolloutTarget } from '../domain/rollout/rollout.ts';
import type { DeployJob } from '../shared/queues.ts';
import type { DesiredState, Run } from '../shared/state/desired-state.ts';
import { inAttemptSpan } from '../shared/telemetry/spans.ts';
import { type DeployResult, deployNamespace } from './deploy-namespace.ts';
import { LEASE_MS, type Lease, type Leases } from './leases.ts';
import { type OpenContext, openContext } from './open-context.ts';
import type { WorkerDependencies } from './run-context.ts';

/** Another run has the namespace: look again after this long. */
const BUSY_DELAY_MS = 1_000;
/** The API server may say "too many requests" this often before it counts as a failure. */
const MAX_THROTTLED = 100;
const SHORTEST_WAIT_MS = 50;

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
  | (Omit<DeployResult, 'bootstrap'> & {
      readonly rolloutId: string;
      readonly durationMs: number;
      readonly bootstrapExitCode?: number | undefined;
    })
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
  for (;;) {
    const begin = await state.begin(namespace, job.id ?? namespace, randomUUID(), LEASE_MS);
    if (begin.kind === 'idle') return { outcome: 'nothing new' };
    if (begin.kind === 'busy') throw await putOff(job, token, BUSY_DELAY_MS);
    const lease = leases.hold(namespace, begin.run.token);
    try {
      const { run } = begin;
      const { result, moved } = await inAttemptSpan(
        { namespace, rollout: run.rolloutId, attempt: run.attempt },
        () => runOnce(job, token, run, lease, dependencies),
      );
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
    const moved = await state.finish(
      namespace,
      run,
      completedTarget(run, result, job.id),
      context.ending('completed', {
        outcome: result.outcome,
        reason: result.reason,
        details: result.warnings,
      }),
    );
    const durationMs = Date.now() - began;
    metrics.runs.inc({ outcome: result.outcome });
    metrics.runDuration.observe(durationMs / 1000);
    context.note(
      `${result.outcome} ${result.version} in ${durationMs} ms${result.warnings.map((w) => `; ${w}`).join('')}`,
    );
    await Promise.all([
      context.settle(),
      job.updateProgress({ phase: 'done', detail: result.outcome }).catch(() => undefined),
    ]);
    context.log.info({ outcome: result.outcome, version: result.version, durationMs }, 'namespace is right');
    // The bootstrap pod's log is in the job's log, where it is read line by line.
    const { bootstrap, ...rest } = result;
    const bootstrapExitCode = bootstrap?.exitCode;
    return { result: { ...rest, rolloutId: run.rolloutId, durationMs, bootstrapExitCode }, moved };
  } catch (thrown) {
    await context.settle();
    const error = causeOf(thrown, lease, dependencies);
    const { code = 'unexpected', details = [] } = error instanceof SkipperError ? error : {};
    return conclude({ error, code, details, job, token, run, context }, dependencies);
  }
}

/** Whatever breaks off when the worker stops, or has lost the namespace, broke off for that reason. */
function causeOf(thrown: unknown, lease: Lease, { stopping }: ProcessDependencies): Error {
  if (stopping.aborted) return new SkipperError('shutting_down', 'the worker stops; another one goes on');
  return toError(lease.signal.aborted ? lease.signal.reason : thrown);
}

/** A run that did not get through, and all that is needed to say what follows from it. */
interface Failure {
  readonly error: Error;
  readonly code: string;
  readonly details: readonly string[];
  readonly job: Job<DeployJob>;
  readonly token: string | undefined;
  readonly run: Run;
  readonly context: OpenContext;
}

type Conclusion = { readonly result: JobResult; readonly moved: boolean };

/** What a failed attempt leads to: handed over, skipped, failed, put off, or tried again. */
async function conclude(failure: Failure, dependencies: ProcessDependencies): Promise<Conclusion> {
  const { error, code, run } = failure;
  if (code === 'shutting_down') throw await handOver(failure, dependencies);
  // Whoever has taken over has the say now; without Redis there is nobody to tell.
  if (code === 'superseded_worker' || code === 'redis_unavailable') throw error;
  dependencies.metrics.attemptsFailed.inc({ code });
  const errorClass = errorClassOf(error);
  if (errorClass === 'skipped') return skip(failure, dependencies);
  const throttled = code === 'rate_limited' && run.throttled < MAX_THROTTLED;
  const exhausted = !throttled && run.attempt >= dependencies.maxAttempts;
  if (errorClass === 'permanent' || exhausted) return giveUp(failure, dependencies);
  throw await tryAgain(failure, throttled, dependencies);
}

async function handOver(failure: Failure, { state }: ProcessDependencies): Promise<Error> {
  const { error, code, job, token, run, context } = failure;
  const { namespace } = job.data;
  const ending = context.ending('handed over', { code, reason: error.message });
  await state.report(namespace, run, { phase: 'queued', attempt: run.attempt - 1 }, undefined, ending);
  await state.releaseLease(namespace, run.token);
  return putOff(job, token, 0);
}

async function skip(failure: Failure, { state, metrics }: ProcessDependencies): Promise<Conclusion> {
  const { error, code, job, run, context } = failure;
  const reason = `skipped: ${error.message}`;
  context.note(reason);
  await context.settle();
  const target: RolloutTarget = {
    ...targetOf(run, job.id),
    state: 'cancelled',
    outcome: 'skipped',
    code,
    reason,
    finishedAt: Date.now(),
  };
  const ending = context.ending('skipped', { outcome: 'skipped', code, reason: error.message });
  const moved = await state.finish(job.data.namespace, run, target, ending);
  metrics.runs.inc({ outcome: 'skipped' });
  context.log.info({ reason }, 'namespace skipped');
  return { result: { outcome: 'skipped', reason, rolloutId: run.rolloutId }, moved };
}

async function giveUp(failure: Failure, { state, metrics }: ProcessDependencies): Promise<Conclusion> {
  const { error, code, details, job, run, context } = failure;
  context.note(
    [`attempt ${run.attempt} failed for good (${code}): ${error.message}`, ...details].join('\n  '),
  );
  await context.settle();
  const moved = await state.finish(
    job.data.namespace,
    run,
    {
      ...targetOf(run, job.id),
      state: 'failed',
      code,
      reason: error.message,
      ...(details.length === 0 ? {} : { details }),
      finishedAt: Date.now(),
    },
    context.ending('failed', { code, reason: messageOf(error), details }),
  );
  metrics.runs.inc({ outcome: 'failed' });
  context.log.error({ ...described(error), code, details }, 'namespace failed');
  if (moved) return { result: { outcome: 'nothing new' }, moved };
  throw readable(new UnrecoverableError([error.message, ...details].join('\n')), error);
}

async function tryAgain(
  { error, code, details, job, token, run, context }: Failure,
  throttled: boolean,
  { state, backoff }: ProcessDependencies,
): Promise<Error> {
  const { namespace } = job.data;
  const delayMs = waitBeforeNext(error, throttled ? run.throttled : run.attempt - 1, backoff);
  const reason = `attempt ${run.attempt} failed (${code}): ${messageOf(error)}; next in ${(delayMs / 1000).toFixed(1)} s`;
  context.note(reason);
  await context.settle();
  context.log.warn({ ...described(error), code, delayMs }, 'attempt failed, will retry');
  const now = Date.now();
  const moved = await state.report(
    namespace,
    run,
    {
      phase: 'backoff',
      reason,
      retryAt: now + delayMs,
      changedAt: now,
      ...(throttled ? { attempt: run.attempt - 1, throttled: run.throttled + 1 } : {}),
    },
    { ...targetOf(run, job.id), state: 'running', code, reason },
    context.ending('retrying', { code, reason: messageOf(error), details, retryDelayMs: delayMs }),
  );
  await state.releaseLease(namespace, run.token);
  // Whoever has asked meanwhile need not sit out the wait of an earlier request.
  const waitMs = moved ? SHORTEST_WAIT_MS : delayMs;
  if (throttled) return putOff(job, token, waitMs);
  return readable(new RetryError(messageOf(error), waitMs, error), error);
}

/** The board shows stacks: for what is classified the message says more; a bug keeps its own. */
function readable(thrown: Error, cause: Error): Error {
  thrown.stack = cause instanceof SkipperError ? thrown.message : (cause.stack ?? thrown.message);
  return thrown;
}

/** What is known and classified needs no stack; anything else is a bug, and does. */
function described(error: Error) {
  return error instanceof SkipperError ? { reason: messageOf(error) } : { err: error };
}

/** The other side's Retry-After is a floor; a second of jitter on top keeps those who were told the same apart. */
function waitBeforeNext(error: Error, failures: number, backoff: BackoffPolicy): number {
  const jitterMs = fullJitterDelay(failures, backoff);
  const asked = error instanceof SkipperError ? error.retryAfterMs : undefined;
  if (asked === undefined) return Math.max(jitterMs, SHORTEST_WAIT_MS);
  return Math.max(asked + Math.round(Math.random() * 1_000), jitterMs);
}

/** Puts a job back without burning an attempt; the error tells the queue that this was done. */
async function putOff(job: Job, token: string | undefined, delayMs: number): Promise<DelayedError> {
  await job.moveToDelayed(Date.now() + delayMs, token);
  return new DelayedError();
}

function targetOf(run: Run, jobId: string | undefined) {
  return {
    version: run.release.version,
    attempt: run.attempt,
    jobId,
    startedAt: run.startedAt,
    ...(run.coalesced ? { coalesced: true } : {}),
  };
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
