import { CliError, EXIT } from '../cli/exit-code.ts';
import { oneLine } from '../cli/text/lines.ts';

const TOKEN_HINT = 'give the token in a file (--token-file or $SKIPPER_TOKEN_FILE), or in $SKIPPER_TOKEN';
const TRY_AGAIN = new Set([429, 502, 503, 504]);

/** An answer that is none, or a refusal. */
export class ApiError extends CliError {
  /** Undefined where there was no answer at all. */
  readonly status: number | undefined;
  /** The same request may succeed later. */
  readonly isPassing: boolean;
  /** What the server asked us to wait. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    options: {
      readonly exitCode: CliError['exitCode'];
      readonly details?: readonly string[];
      readonly status?: number | undefined;
      readonly isPassing: boolean;
      readonly retryAfterMs?: number | undefined;
    },
  ) {
    super(options.exitCode, message, options.details);
    this.name = 'ApiError';
    this.status = options.status;
    this.isPassing = options.isPassing;
    this.retryAfterMs = options.retryAfterMs;
  }
}

export function unreachable(server: string, reason: string): ApiError {
  return new ApiError(`no answer from ${server}: ${reason}`, {
    exitCode: EXIT.unreachable,
    isPassing: true,
    details: ["is this the API's address? --server or $SKIPPER_SERVER sets it"],
  });
}

export interface RefusedAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter: string | null;
  readonly text: string;
}

/** RFC 9457 problems in their own words; anything else did not come from Skipper. */
export function refusal(server: string, answer: RefusedAnswer): ApiError {
  const { status, contentType, retryAfter, text } = answer;
  const isTokenRefused = status === 401 || status === 403;
  const shared = {
    status,
    isPassing: TRY_AGAIN.has(status),
    exitCode: isTokenRefused || status >= 500 || status === 429 ? EXIT.unreachable : EXIT.refused,
    retryAfterMs: /^\d+$/.test(retryAfter ?? '') ? Number(retryAfter) * 1_000 : undefined,
  };
  const problem = contentType.includes('application/problem+json') ? parse(text) : undefined;
  if (problem === undefined) {
    return new ApiError(`${server} answers ${status}, but not as Skipper's API does`, {
      ...shared,
      exitCode: EXIT.unreachable,
      details: ["is this the API's address? --server or $SKIPPER_SERVER sets it"],
    });
  }
  const fields = (problem.errors ?? [])
    // Most details are made of the field errors: those are not told twice.
    .filter(({ message }) => !problem.detail.includes(message))
    .map(({ field, message }) => oneLine(`${field}: ${message}`));
  const details = [...fields, ...(status === 401 ? [TOKEN_HINT] : [])];
  return new ApiError(oneLine(problem.detail), { ...shared, details });
}

interface Problem {
  readonly detail: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

function parse(text: string): Problem | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null && 'detail' in body && typeof body.detail === 'string'
      ? (body as Problem)
      : undefined;
  } catch {
    return undefined;
  }
}
