import { UnrecoverableError } from 'bullmq';
import {
  type AfterFailure,
  afterFailure,
  type Failure,
  mayBeOutage,
  SHORTEST_WAIT_MS,
} from '../domain/deploy/after-failure.ts';
import { errorClassOf, messageOf, SkipperError } from '../domain/errors.ts';
import { describeRetry } from '../domain/explain/describe-retry.ts';
import type { RolloutTarget } from '../domain/rollout/rollout.ts';
import { delayJob } from './delay-job.ts';
import { type Conclusion, type OpenAttempt, type ProcessDependencies, targetOf } from './open-attempt.ts';
import { readable } from './readable.ts';
import { RetryError } from './retry-error.ts';

const UNCOUNTED: readonly AfterFailure['kind'][] = ['hand-over', 'abandon', 'rest'];

/** Carries out the domain's decision after a failed attempt. Throws what the queue must know: a delay, a retry, a failure. */
export async function conclude(
  error: Error,
  attempt: OpenAttempt,
  dependencies: ProcessDependencies,
): Promise<Conclusion> {
  const failure = { ...classify(error), ...attempt, error };
  const { code, run } = failure;
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

/** A failed attempt, and everything needed to handle it. */
interface FailedAttempt extends Classified, OpenAttempt {
  readonly error: Error;
}

async function handOver(failure: FailedAttempt, { state }: ProcessDependencies): Promise<Error> {
  const { error, code, job, token, run, context } = failure;
  const { namespace } = job.data;
  const ending = context.ending('handed over', { code, reason: error.message });
  await state.report(namespace, run, { phase: 'queued', attempt: run.attempt - 1 }, undefined, ending);
  await state.releaseLease(namespace, run.token);
  return delayJob(job, token, 0);
}

async function skip(failure: FailedAttempt, { state, metrics }: ProcessDependencies): Promise<Conclusion> {
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

async function giveUp(failure: FailedAttempt, { state, metrics }: ProcessDependencies): Promise<Conclusion> {
  const { error, code, details, symptoms, job, run, context } = failure;
  context.logToJob(
    [`attempt ${run.attempt} failed for good (${code}): ${error.message}`, ...details].join('\n  '),
  );
  await context.settle();
  const abandonedId = context.awaited();
  // Before the end: a worker that dies in between leaves a run that begins a new id, not an id that is waited for again.
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
  { error, code, job, token, run, context }: FailedAttempt,
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
  // The outage does not count for the deadline. What was written must be verified, also if its rollout is cancelled meanwhile.
  const appliedAt = context.hasWritten() ? retryAt : '';
  const moved = await state.report(
    namespace,
    run,
    { phase: 'backoff', reason, retryAt, changedAt: now, attempt, appliedAt },
    { ...targetOf(run, job.id), state: 'running', code, reason, retryAt },
    context.ending('retrying', { code, reason, retryDelayMs: delayMs }),
  );
  await state.releaseLease(namespace, run.token);
  return delayJob(job, token, moved ? SHORTEST_WAIT_MS : delayMs);
}

async function tryAgain(
  { error, code, details, symptoms, job, token, run, context }: FailedAttempt,
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

/** A classified error is logged without a stack; anything else is a bug, and needs it. */
function described(error: Error) {
  return error instanceof SkipperError ? { reason: messageOf(error) } : { err: error };
}
