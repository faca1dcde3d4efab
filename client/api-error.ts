/**
 * Why there is no usable answer. `unreachable`: nothing came back. `refused`: the API said no, in its own words. `foreign`:
 * something else than Skipper answers. `unexpected`: Skipper answers, but not in the form that this client knows.
 */
export type ApiErrorKind = 'unreachable' | 'refused' | 'foreign' | 'unexpected';

interface ApiErrorOptions {
  readonly kind: ApiErrorKind;
  readonly status?: number | undefined;
  readonly isPassing: boolean;
  readonly retryAfterMs?: number | undefined;
  readonly details?: readonly string[];
}

/** A request to the API that failed. Its texts may come from the API as they are: the code that prints them makes them safe. */
export class ApiError extends Error {
  readonly kind: ApiErrorKind;
  /** Undefined if there was no answer at all. */
  readonly status: number | undefined;
  /** The same request may succeed later. */
  readonly isPassing: boolean;
  /** How long the API asked us to wait. */
  readonly retryAfterMs: number | undefined;
  /** Further lines, such as one for each wrong field. */
  readonly details: readonly string[];

  constructor(message: string, options: ApiErrorOptions) {
    super(message);
    this.name = 'ApiError';
    this.kind = options.kind;
    this.status = options.status;
    this.isPassing = options.isPassing;
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details ?? [];
  }
}
