import { hideSecrets } from '../domain/hide-secrets.ts';

/**
 * Why there is no usable answer. `unreachable`: no response. `refused`: the API refused the request, with its own message.
 * `foreign`: the server is not Skipper. `unexpected`: the format of Skipper's answer is unknown to this client.
 */
export type ApiErrorKind = 'unreachable' | 'refused' | 'foreign' | 'unexpected';

interface ApiErrorOptions {
  readonly kind: ApiErrorKind;
  readonly status?: number | undefined;
  readonly isPassing: boolean;
  readonly retryAfterMs?: number | undefined;
  readonly details?: readonly string[];
}

/** A failed request to the API. Its texts can come unchanged from the API: the code that prints them must escape them. */
export class ApiError extends Error {
  readonly kind: ApiErrorKind;
  /** Undefined without a response. */
  readonly status: number | undefined;
  /** The same request can succeed later. */
  readonly isPassing: boolean;
  /** The API's Retry-After. */
  readonly retryAfterMs: number | undefined;
  /** More lines, such as one per invalid field. */
  readonly details: readonly string[];

  constructor(message: string, options: ApiErrorOptions) {
    super(hideSecrets(message));
    this.name = 'ApiError';
    this.kind = options.kind;
    this.status = options.status;
    this.isPassing = options.isPassing;
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details ?? [];
  }
}
