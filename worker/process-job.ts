import { randomUUID } from 'node:crypto';
import { DelayedError, type Job, UnrecoverableError } from 'bullmq';
import type { Logger } from 'pino';
import {
  type AfterFailure,
  afterFailure,
  type Failure,
  type FailurePolicy,
  mayBeOutage,
  SHORTEST_WAIT_MS,
} from '../domain/deploy/after-failure.ts';
import { URGENT } from '../domain/deploy/lane.ts';
import { maxInFlight, waitForRoom } from '../domain/deploy/max-in-flight.ts';
import type { Parking } from '../domain/deploy/parking.ts';
import { errorClassOf, messageOf, SkipperError, toError } from '../domain/errors.ts';
import { describeRetry } from '../domain/explain/describe-retry.ts';
import type { RolloutTarget } from '../domain/rollout/rollout.ts';
import type { DeployJob } from '../shared/queues.ts';
import type { Begin, Run, Runs } from '../shared/state/runs.ts';
import { inAttemptSpan } from '../shared/telemetry/spans.ts';
import type { SettleTime } from './adapt-settle-time.ts';
import { type DeployResult, deployNamespace, type ParkedDeploy } from './deploy-namespace.ts';
import { InterruptedError } from './interrupted-error.ts';
import { LEASE_MS, type Lease, type Leases } from './leases.ts';
import { type OpenContext, openContext } from './open-context.ts';
import type { Pace } from './pace-requests.ts';
import type { WorkerDependencies } from './run-context.ts';
import type { Waker } from './wake-parked.ts';
import type { Outage } from './watch-outage.ts';

/** Another run has the namespace: retry after this time. */
const BUSY_DELAY_MS = 1_000;
const FETCHED_TOO_LATE_DELAY_MS = 2_000;

export interface ProcessDependencies extends WorkerDependencies, Omit<FailurePolicy, 'random'> {
  readonly state: Pick<Runs, 'begin' | 'report' | 'finish' | 'park' | 'releaseLease'>;
  readonly leases: Leases;
  readonly waker: Pick<Waker, 'watch' | 'blindMs' | 'deadEndMs'>;
  readonly settleTime: SettleTime;
  readonly pace: Pace;
  readonly outage: Pick<Outage, 'current' | 'check'>;
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

/** A failed attempt that will be retried; the queue reads the delay from it. */
export class RetryError extends Error {
  readonly delayMs: number;

  constructor(message: string, delayMs: number, cause: unknown) {
    super(message, { cause });
    this.name = 'RetryError';
    this.delayMs = delayMs;
  }
}

/** Brings a namespace to its desired state, and repeats that if the desired state has changed in the meantime. */
export async function processJob(
  job: Job<DeployJob>,
  token: string | undefined,
  dependencies: ProcessDependencies,
): Promise<JobResult> {
  const { leases, outage } = dependencies;
  const { namespace } = job.data;
  // The job was fetched just before the rest started.
  if (outage.current() !== undefined) throw await delayJob(job, token, FETCHED_TOO_LATE_DELAY_MS);
  for (;;) {
    const begin = await beginRun(job, dependencies);
    if (begin.kind === 'idle') return { outcome: 'nothing new' };
    if (begin.kind === 'busy') throw await delayJob(job, token, BUSY_DELAY_MS);
    if (begin.kind === 'full') throw await delayJob(job, token, waitForRoom(Math.random()));
    const lease = leases.hold(namespace, begin.run.token, begin.run.generation);
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

/** A request that was ended instead of started must not be retried by the queue. */
async function beginRun(
  job: Job<DeployJob>,
  { state, cluster, settings }: ProcessDependencies,
): Promise<Begin> {
  const { namespace } = job.data;
  const max = maxInFlight(settings.maxInFlight, () => cluster.namespaces().length);
  const lease = {
    token: randomUUID(),
    leaseMs: LEASE_MS,
    inFlight: { max, ttlMs: settings.progressDeadlineMs },
  };
  try {
    return await state.begin(namespace, job.id ?? namespace, lease);
  } catch (error) {
    const isLost = error instanceof SkipperError && error.code === 'release_unknown';
    throw isLost ? readable(new UnrecoverableError(error.message), error) : error;
  }
}

async function runOnce(
  job: Job<DeployJob>,
  token: string | undefined,
  run: Run,
  lease: Lease,
  dependencies: ProcessDependencies,
): Promise<Conclusion> {
  const { settleTime } = dependencies;
  const began = run.resumed?.startedAt ?? Date.now();
  const context = openContext(job, run, lease, dependencies);
  try {
    const result = await deployNamespace(run, context);
    await context.settle();
    if ('parking' in result || result.deploymentId !== undefined) settleTime.record('parking' in result);
    if ('parking' in result) return await park({ ...result, job, token, run, context }, dependencies);
    return await complete({ result, began, job, run, context }, dependencies);
  } catch (thrown) {
    await context.settle();
    if (thrown instanceof DelayedError) throw thrown;
    if (thrown instanceof InterruptedError) return yieldToNewer(thrown, { job, run, context }, dependencies);
    const error = causeOf(thrown, lease, dependencies);
    return conclude({ ...classify(error), error, job, token, run, context }, dependencies);
  }
}

interface CompletedRun extends Pick<FailedRun, 'job' | 'run' | 'context'> {
  readonly result: DeployResult;
  readonly began: number;
}

async function complete(
  { result, began, job, run, context }: CompletedRun,
  { state, metrics }: ProcessDependencies,
): Promise<Conclusion> {
  // The bootstrap pod's log is in the job's log, where it is easier to read.
  const { bootstrap, ...rest } = result;
  const { outcome, version, reason, warnings } = rest;
  const ending = context.ending('completed', { outcome, reason, details: warnings });
  const moved = await state.finish(job.data.namespace, run, completedTarget(run, result, job.id), ending);
  const durationMs = Date.now() - began;
  metrics.runs.inc({ outcome });
  metrics.runDuration.observe(durationMs / 1000);
  context.logToJob(`${outcome} ${version} in ${durationMs} ms${warnings.map((w) => `; ${w}`).join('')}`);
  await Promise.all([
    context.settle(),
    // A quick run has published nothing that could be out of date.
    hasProgress(job) && job.updateProgress({ phase: 'done', detail: outcome }).catch(() => undefined),
  ]);
  context.log.info({ outcome, version, durationMs }, 'deploy verified');
  const bootstrapExitCode = bootstrap?.exitCode;
  return { result: { ...rest, rolloutId: run.rolloutId, durationMs, bootstrapExitCode }, moved };
}

/** The attempt has written nothing: it ends as superseded, and the newer request begins. */
async function yieldToNewer(
  { message }: InterruptedError,
  { job, run, context }: Pick<FailedRun, 'job' | 'run' | 'context'>,
  { state }: ProcessDependencies,
): Promise<Conclusion> {
  const { namespace } = job.data;
  const ending = context.ending('superseded', { reason: message });
  await state.report(namespace, run, { phase: 'queued', reason: '' }, undefined, ending);
  await state.releaseLease(namespace, run.token);
  return { result: { outcome: 'nothing new' }, moved: true };
}

function hasProgress({ progress }: Job<DeployJob>): boolean {
  return typeof progress === 'object';
}

interface ParkedRun extends ParkedDeploy, Pick<FailedRun, 'job' | 'token' | 'run' | 'context'> {}

/** Gives back slot, lock and lease until something happens; a newer request continues at once instead. */
async function park(
  { parking, phase, detail, job, token, run, context }: ParkedRun,
  { state, waker }: ProcessDependencies,
): Promise<Conclusion> {
  const { namespace } = job.data;
  const { generation } = run;
  const parked: Parking = { ...parking, generation, jobId: job.id ?? namespace };
  const fields = { phase, reason: detail, steps: context.encodedSteps() };
  const reason = `a newer request came while it waited: ${detail}`;
  const superseded = context.ending('superseded', { reason });
  const moved = await state.park(namespace, run, { fields, parking: parked }, superseded);
  if (moved) return { result: { outcome: 'nothing new' }, moved };
  // What resumes does not wait behind what has not begun.
  await Promise.allSettled([job.updateProgress({ phase, detail }), job.changePriority({ priority: URGENT })]);
  await job.moveToDelayed(parked.until + 1, token);
  await waker.watch(namespace, parked).catch((error: unknown) => {
    context.log.debug({ reason: messageOf(error) }, 'the parked run is watched from the next sweep on');
  });
  throw new DelayedError();
}

/** While the worker stops, or after it has lost the lease, that is the cause of any error. */
function causeOf(thrown: unknown, lease: Lease, { stopping }: ProcessDependencies): Error {
  if (stopping.aborted)
    return new SkipperError('shutting_down', 'the worker is stopping; another one continues');
  return toError(lease.signal.aborted ? lease.signal.reason : thrown);
}

interface Classified extends Failure {
  readonly details: SkipperError['details'];
  readonly symptoms: SkipperError['symptoms'];
}

function classify(error: Error): Classified {
  const errorClass = errorClassOf(error);
  if (!(error instanceof SkipperError)) return { code: 'unexpected', errorClass, details: [], symptoms: [] };
  const { code, retryAfterMs, details, symptoms } = error;
  return { code, errorClass, retryAfterMs, details, symptoms };
}

/** A failed run, and everything needed to handle it. */
interface FailedRun extends Classified {
  readonly error: Error;
  readonly job: Job<DeployJob>;
  readonly token: string | undefined;
  readonly run: Run;
  readonly context: OpenContext;
}

type Conclusion = { readonly result: JobResult; readonly moved: boolean };

const UNCOUNTED: readonly AfterFailure['kind'][] = ['hand-over', 'abandon', 'rest'];

/** Carries out the domain's decision after a failed attempt. */
async function conclude(failure: FailedRun, dependencies: ProcessDependencies): Promise<Conclusion> {
  const { error, code, run } = failure;
  const { maxAttempts, backoff, metrics, outage } = dependencies;
  const isClusterAway = mayBeOutage(code) && (await outage.check()) !== undefined;
  const policy = { maxAttempts, backoff, random: Math.random };
  const decision = afterFailure({ ...failure, isClusterAway }, run, policy);
  const isCounted = !UNCOUNTED.includes(decision.kind);
  if (isCounted) metrics.attemptsFailed.inc({ code });
  switch (decision.kind) {
    case 'hand-over':
      throw await handOver(failure, dependencies);
    case 'abandon':
      throw error;
    case 'skip':
      return skip(failure, dependencies);
    case 'fail':
      return giveUp(failure, dependencies);
    case 'rest':
      throw await rest(failure, decision, dependencies);
    case 'retry':
      throw await tryAgain(failure, decision, dependencies);
  }
}

async function handOver(failure: FailedRun, { state }: ProcessDependencies): Promise<Error> {
  const { error, code, job, token, run, context } = failure;
  const { namespace } = job.data;
  const ending = context.ending('handed over', { code, reason: error.message });
  await state.report(namespace, run, { phase: 'queued', attempt: run.attempt - 1 }, undefined, ending);
  await state.releaseLease(namespace, run.token);
  return delayJob(job, token, 0);
}

async function skip(failure: FailedRun, { state, metrics }: ProcessDependencies): Promise<Conclusion> {
  const { error, code, job, run, context } = failure;
  const reason = `skipped: ${error.message}`;
  context.logToJob(reason);
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

async function giveUp(failure: FailedRun, { state, metrics }: ProcessDependencies): Promise<Conclusion> {
  const { error, code, details, symptoms, job, run, context } = failure;
  context.logToJob(
    [`attempt ${run.attempt} failed for good (${code}): ${error.message}`, ...details].join('\n  '),
  );
  await context.settle();
  const abandonedId = context.awaited();
  // Before the end: a worker that dies in between leaves a run that fails again, not an id that is waited for again.
  if (abandonedId !== undefined) await state.report(job.data.namespace, run, { abandonedId });
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
    context.ending('failed', { code, reason: messageOf(error), details, symptoms }),
  );
  metrics.runs.inc({ outcome: 'failed' });
  context.log.error({ ...described(error), code, details }, 'namespace failed');
  if (moved) return { result: { outcome: 'nothing new' }, moved };
  throw readable(new UnrecoverableError([error.message, ...details].join('\n')), error);
}

/** The attempt is undone: it does not count. */
async function rest(
  { error, code, job, token, run, context }: FailedRun,
  { delayMs }: Extract<AfterFailure, { kind: 'rest' }>,
  { state }: ProcessDependencies,
): Promise<Error> {
  const { namespace } = job.data;
  const reason = messageOf(error);
  context.logToJob(`interrupted: the Kubernetes API cannot be used: ${reason}`);
  await context.settle();
  context.log.info({ reason, code }, 'attempt interrupted: the Kubernetes API cannot be used');
  const now = Date.now();
  const attempt = run.attempt - 1;
  const retryAt = now + delayMs;
  const moved = await state.report(
    namespace,
    run,
    { phase: 'backoff', reason, retryAt, changedAt: now, attempt, appliedAt: '' },
    { ...targetOf(run, job.id), state: 'running', code, reason, retryAt },
    context.ending('retrying', { code, reason, retryDelayMs: delayMs }),
  );
  await state.releaseLease(namespace, run.token);
  return delayJob(job, token, moved ? SHORTEST_WAIT_MS : delayMs);
}

async function tryAgain(
  { error, code, details, symptoms, job, token, run, context }: FailedRun,
  { delayMs, throttled }: Extract<AfterFailure, { kind: 'retry' }>,
  { state }: ProcessDependencies,
): Promise<Error> {
  const { namespace } = job.data;
  const reason = messageOf(error);
  context.logToJob(describeRetry({ attempt: run.attempt, code, message: reason, waitMs: delayMs }));
  await context.settle();
  context.log.warn({ ...described(error), code, delayMs }, 'attempt failed, will retry');
  const now = Date.now();
  const retryAt = now + delayMs;
  const moved = await state.report(
    namespace,
    run,
    {
      phase: 'backoff',
      reason,
      retryAt,
      changedAt: now,
      ...(throttled ? { attempt: run.attempt - 1, throttled: run.throttled + 1 } : {}),
    },
    { ...targetOf(run, job.id), state: 'running', code, reason, retryAt },
    context.ending('retrying', { code, reason, details, symptoms, retryDelayMs: delayMs }),
  );
  await state.releaseLease(namespace, run.token);
  // A new request does not wait for the retry of an earlier one.
  const waitMs = moved ? SHORTEST_WAIT_MS : delayMs;
  if (throttled) return delayJob(job, token, waitMs);
  return readable(new RetryError(reason, waitMs, error), error);
}

/** The board shows the stack: for a classified error the message is more useful; a bug keeps its stack. */
function readable(thrown: Error, cause: Error): Error {
  thrown.stack = cause instanceof SkipperError ? thrown.message : (cause.stack ?? thrown.message);
  return thrown;
}

/** A classified error is logged without a stack; anything else is a bug, and needs it. */
function described(error: Error) {
  return error instanceof SkipperError ? { reason: messageOf(error) } : { err: error };
}

/** Delays a job without using one of its attempts; the queue recognises that by this error. */
async function delayJob(job: Job, token: string | undefined, delayMs: number): Promise<DelayedError> {
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
