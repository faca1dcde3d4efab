import type { PlanDifference } from '../domain/deploy/server-plan.ts';
import { type ErrorCode, SkipperError } from '../domain/errors.ts';
import type { TargetState } from '../domain/rollout/rollout.ts';
import { BadRequestError } from '../shared/bad-request-error.ts';
import { describeRedisFailure, isRedisRefusal } from '../shared/redis-problems.ts';
import { RolloutConflictError } from '../shared/rollout-commands.ts';
import { PlanMovedError } from '../shared/server-plans.ts';

/** Something wrong with one field of a request. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** RFC 9457: the shape of every error that leaves the API. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly errors?: readonly FieldError[];
  /** The state of the rollout, which the command does not fit. */
  readonly state?: TargetState;
}

interface ProblemOptions {
  readonly errors?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly state?: TargetState;
}

/** An error with its HTTP response. */
export class HttpProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly errors: readonly FieldError[];
  readonly headers: Readonly<Record<string, string>>;
  readonly state: TargetState | undefined;

  constructor(status: number, code: string, detail: string, options: ProblemOptions = {}) {
    super(detail);
    this.name = 'HttpProblem';
    this.status = status;
    this.code = code;
    this.errors = options.errors ?? [];
    this.headers = options.headers ?? {};
    this.state = options.state;
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not authenticated',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  413: 'Content too large',
  415: 'Unsupported media type',
  421: 'Misdirected request',
  422: 'Unprocessable content',
  429: 'Too many requests',
  500: 'Internal server error',
  503: 'Service unavailable',
};

const RETRY_AFTER_SECONDS = '5';

/** The only place that turns errors into HTTP errors. Anything unknown is a bug: callers log it, clients get no details. */
export function toProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof BadRequestError) {
    const status = error.field === 'Idempotency-Key' ? 422 : 400;
    return new HttpProblem(status, 'bad_request', error.message, {
      errors: [{ field: error.field, message: error.message }],
    });
  }
  if (error instanceof RolloutConflictError)
    return new HttpProblem(409, 'rollout_conflict', error.message, { state: error.state });
  if (error instanceof PlanMovedError) {
    return new HttpProblem(409, 'plan_moved', error.message, { errors: error.differences.map(toFieldError) });
  }
  if (error instanceof SkipperError) return fromSkipperError(error);
  if (isRedisRefusal(error)) {
    return fromSkipperError(
      new SkipperError('redis_unavailable', describeRedisFailure(error), { cause: error }),
    );
  }
  if (isHttpError(error)) return new HttpProblem(error.status, error.type ?? 'bad_request', error.message);
  return new HttpProblem(500, 'unexpected', "internal error: see Skipper's log");
}

function toFieldError({ namespace, planned, now }: PlanDifference): FieldError {
  return { field: namespace, message: `planned: ${planned}; now: ${now}` };
}

export function problemBody(problem: HttpProblem): ProblemBody {
  return {
    type: 'about:blank',
    title: TITLES[problem.status] ?? 'Error',
    status: problem.status,
    detail: problem.message,
    code: problem.code,
    ...(problem.errors.length === 0 ? {} : { errors: problem.errors }),
    ...(problem.state === undefined ? {} : { state: problem.state }),
  };
}

function fromSkipperError(error: SkipperError): HttpProblem {
  const status: Partial<Record<ErrorCode, number>> = { not_found: 404, config_error: 400 };
  const known = status[error.code];
  if (known !== undefined) return new HttpProblem(known, error.code, error.message);
  if (error.errorClass === 'retryable') {
    return new HttpProblem(503, error.code, error.message, {
      headers: { 'retry-after': RETRY_AFTER_SECONDS },
    });
  }
  return new HttpProblem(500, error.code, error.message);
}

/** Errors of Express's body parser have their status. */
function isHttpError(error: unknown): error is Error & { status: number; type?: string } {
  return (
    error instanceof Error &&
    'status' in error &&
    typeof error.status === 'number' &&
    error.status >= 400 &&
    error.status < 500
  );
}
