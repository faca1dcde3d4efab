import type { ErrorClass, ErrorCode } from '../errors.ts';
import { type BackoffPolicy, fullJitterDelay } from './backoff.ts';

/** The API server can answer "too many requests" this often before it counts as a failure. */
export const MAX_THROTTLED = 100;
/** After this many attempts, somebody who changes the deployment back each time is reported instead of overwritten. */
export const MAX_ROUNDS = 3;
/** Even an immediate retry waits this long, in milliseconds. */
export const SHORTEST_WAIT_MS = 50;
/** Added to a Retry-After, so that clients that got the same value do not all return at once. */
const RETRY_AFTER_SPREAD_MS = 1_000;
/** After an outage, retries are spread over this time. */
const REST_MS = 2_000;
const REST_SPREAD_MS = 8_000;

/** Errors that an outage can cause: no answer, refused credentials, or a timeout while the watches were down. */
const OUTAGE_CODES: readonly Failure['code'][] = [
  'cluster_unavailable',
  'unauthorized',
  'progress_deadline',
  'bootstrap_failed',
  'bootstrap_pod_stuck',
];

export interface Failure {
  /** `unexpected` for an unclassified error. */
  readonly code: ErrorCode | 'unexpected';
  readonly errorClass: ErrorClass;
  /** The server's Retry-After, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** The whole API server is down: such a failure is not the namespace's. */
  readonly isClusterAway?: boolean;
}

export interface FailurePolicy {
  readonly maxAttempts: number;
  readonly backoff: BackoffPolicy;
  /** From 0 to below 1. */
  readonly random: () => number;
}

export type AfterFailure =
  /** The worker is stopping: another one continues, and the attempt does not count. */
  | { readonly kind: 'hand-over' }
  /** This worker no longer owns the namespace, or cannot record anything: it changes nothing. */
  | { readonly kind: 'abandon' }
  /** Nothing is left to do: the target no longer exists, or must not be changed any more. */
  | { readonly kind: 'skip' }
  | { readonly kind: 'fail' }
  /** The cluster is down: the attempt does not count, its deadline starts again, and it waits like all others. */
  | { readonly kind: 'rest'; readonly delayMs: number }
  /** `throttled`: the API server is rate limiting; the attempt does not count. */
  | { readonly kind: 'retry'; readonly delayMs: number; readonly throttled: boolean };

/** True if a failure of this kind is a reason to check whether the API server is up. */
export function mayBeOutage(code: Failure['code']): boolean {
  return OUTAGE_CODES.includes(code);
}

/**
 * Decides what follows a failed attempt. `run` has the number of attempts, including this one; of attempts whose worker, or
 * its Redis, was lost; and of throttled attempts before this one.
 */
export function afterFailure(
  failure: Failure,
  run: { readonly attempt: number; readonly throttled: number; readonly lost: number },
  policy: FailurePolicy,
): AfterFailure {
  const { code, errorClass } = failure;
  if (code === 'shutting_down') return { kind: 'hand-over' };
  if (code === 'superseded_worker' || code === 'redis_unavailable') return { kind: 'abandon' };
  if (failure.isClusterAway && mayBeOutage(code)) {
    return { kind: 'rest', delayMs: REST_MS + Math.round(policy.random() * REST_SPREAD_MS) };
  }
  if (errorClass === 'skipped') return { kind: 'skip' };
  if (errorClass === 'permanent') return { kind: 'fail' };
  if (code === 'changed_by_others' && run.attempt - run.lost >= MAX_ROUNDS) return { kind: 'fail' };
  const throttled = code === 'rate_limited' && run.throttled < MAX_THROTTLED;
  if (!throttled && run.attempt - run.lost >= policy.maxAttempts) return { kind: 'fail' };
  const failuresBefore = throttled ? run.throttled : run.attempt - 1;
  return { kind: 'retry', delayMs: waitBeforeNext(failure, failuresBefore, policy), throttled };
}

/** A Retry-After is the minimum. */
function waitBeforeNext(
  { retryAfterMs }: Failure,
  failuresBefore: number,
  { backoff, random }: FailurePolicy,
): number {
  const jitterMs = fullJitterDelay(failuresBefore, backoff, random);
  if (retryAfterMs === undefined) return Math.max(jitterMs, SHORTEST_WAIT_MS);
  return Math.max(retryAfterMs + Math.round(random() * RETRY_AFTER_SPREAD_MS), jitterMs);
}
