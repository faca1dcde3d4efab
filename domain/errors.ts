import { hideSecrets } from './hide-secrets.ts';
import type { Symptom } from './symptom.ts';

/** The only table of error codes, each with its class. */
export const ERROR_CODES = {
  // permanent: someone must change something first
  config_error: 'permanent',
  forbidden: 'permanent',
  quota_exceeded: 'permanent',
  limits_missing: 'permanent',
  limit_range: 'permanent',
  pod_rejected: 'permanent',
  invalid_object: 'permanent',
  crd_missing: 'permanent',
  invalid_release: 'permanent',
  fdd_failed: 'permanent',
  fdd_unconfigured: 'permanent',
  fdd_cannot_run: 'permanent',
  bootstrap_failed: 'permanent',
  progress_deadline: 'permanent',
  helm_managed: 'permanent',
  not_found: 'permanent',
  // retryable: the same call can succeed later
  conflict: 'retryable',
  unauthorized: 'retryable',
  rate_limited: 'retryable',
  cluster_unavailable: 'retryable',
  webhook_failed: 'retryable',
  release_source_unavailable: 'retryable',
  release_unknown: 'retryable',
  redis_unavailable: 'retryable',
  bootstrap_pod_stuck: 'retryable',
  fdd_lost: 'retryable',
  application_deleting: 'retryable',
  deployment_deleting: 'retryable',
  changed_by_others: 'retryable',
  superseded_worker: 'retryable',
  shutting_down: 'retryable',
  // skipped: nothing is left to do, as the target no longer exists, or must not be changed any more
  namespace_gone: 'skipped',
  repair_outdated: 'skipped',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;
export type ErrorClass = 'permanent' | 'retryable' | 'skipped';

/** An error with its class, which is known where it is thrown. Its texts are shown to people, so they contain no secrets. */
export class SkipperError extends Error {
  readonly code: ErrorCode;
  /** The server's Retry-After, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** More lines that explain it: FDD's own log, pod reasons, events. */
  readonly details: readonly string[];
  /** The same as data, worst first: attempts record it, and advice is based on it. */
  readonly symptoms: readonly Symptom[];

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      cause?: unknown;
      retryAfterMs?: number;
      details?: readonly string[];
      symptoms?: readonly Symptom[];
    } = {},
  ) {
    super(hideSecrets(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SkipperError';
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
    this.details = (options.details ?? []).map(hideSecrets);
    this.symptoms = options.symptoms ?? [];
  }

  get errorClass(): ErrorClass {
    return ERROR_CODES[this.code];
  }
}

/** The class of any thrown value. An unclassified error is a bug or a transient fault, so it is retried. */
export function errorClassOf(error: unknown): ErrorClass {
  return error instanceof SkipperError ? error.errorClass : 'retryable';
}

/** Any thrown value as an error whose message and stack contain no secrets. */
export function toError(thrown: unknown): Error {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const message = hideSecrets(error.message);
  if (message === error.message) return error;
  const shown = new Error(message);
  shown.name = error.name;
  shown.stack = hideSecrets(error.stack ?? message);
  return shown;
}

/** The message of any thrown value, with the reason that Node hides in `cause` (`fetch failed`, ECONNREFUSED). */
export function messageOf(thrown: unknown): string {
  const error = toError(thrown);
  const cause =
    error.cause instanceof Error && !(error instanceof SkipperError) ? `: ${error.cause.message}` : '';
  return hideSecrets(`${error.message || error.name}${cause}`);
}
