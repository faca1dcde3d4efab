import { parseRefusal } from '../../domain/cluster/parse-refusal.ts';
import { SkipperError } from '../../domain/errors.ts';
import { parseJson } from '../../domain/parse-json.ts';
import type { Refusal } from '../../domain/symptom.ts';

/** The `Status` object in an API server's error response. */
export interface KubernetesStatus {
  readonly kind?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly code?: number;
  readonly details?: {
    readonly name?: string;
    readonly kind?: string;
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly {
      readonly reason?: string;
      readonly message?: string;
      readonly field?: string;
    }[];
  };
}

/** An API server's error response, in full, with the class that Skipper gave it. */
export class KubernetesError extends SkipperError {
  readonly httpStatus: number;
  readonly status: KubernetesStatus;

  constructor(
    code: SkipperError['code'],
    message: string,
    answer: { httpStatus: number; status: KubernetesStatus; retryAfterMs?: number; refusal?: Refusal },
  ) {
    const { httpStatus, status, retryAfterMs, refusal } = answer;
    super(code, message, { retryAfterMs, symptoms: refusal && [{ kind: 'refusal', refusal }] });
    this.name = 'KubernetesError';
    this.httpStatus = httpStatus;
    this.status = status;
  }
}

/** Classifies a refused request: the only place that turns an HTTP status of the API server into an error class. */
export function classifyRefusal(
  request: { method: string; path: string },
  httpStatus: number,
  body: string,
  retryAfterHeader?: string,
): KubernetesError {
  const status = parseStatus(body);
  const message = status.message ?? (body.slice(0, 300).trim() || `HTTP ${httpStatus}`);
  const retryAfterMs = retryAfter(status, retryAfterHeader);
  const refusal = refusalIn(httpStatus, message);
  const code = codeFor(httpStatus, status, refusal);
  return new KubernetesError(
    code,
    `${meaningOf(code, request.path)}${httpStatus} ${message} (${request.method} ${request.path})`,
    {
      httpStatus,
      status,
      retryAfterMs,
      refusal,
    },
  );
}

/** What the answer means, in front of it. */
function meaningOf(code: SkipperError['code'], path: string): string {
  if (code === 'namespace_gone') return 'the namespace is gone: ';
  const [, group, plural] = /^\/apis\/([^/]+)\/[^/]+\/(?:namespaces\/[^/]+\/)?([^/?]+)/.exec(path) ?? [];
  return code === 'crd_missing' && plural ? `the cluster has no ${plural}.${group}: ` : '';
}

/** Admission and the authorizer refuse with 403; a webhook that does not answer is a 500. */
function refusalIn(httpStatus: number, message: string): Refusal | undefined {
  const refusal = httpStatus === 403 || httpStatus >= 500 ? parseRefusal(message) : undefined;
  return httpStatus === 403 || refusal?.by === 'webhook' ? refusal : undefined;
}

/** A request without a response: connection refused or reset, timeout, TLS error. */
export function classifyNetworkError(
  request: { method: string; path: string },
  error: unknown,
): SkipperError {
  const reason = error instanceof Error ? error.message || error.name : String(error);
  return new SkipperError(
    'cluster_unavailable',
    `the Kubernetes API server did not answer: ${reason} (${request.method} ${request.path})`,
    { cause: error },
  );
}

/** Enough of a response to recognise its sender. */
const SHOWN_OF_ANSWER = 200;

/** A response that cannot be from an API server: a load balancer or login page in front of it sent it. */
export function classifyForeignAnswer(
  request: { method: string; path: string },
  what: string,
  body: string,
): SkipperError {
  const beginning = body.replace(/\s+/g, ' ').trim().slice(0, SHOWN_OF_ANSWER);
  return new SkipperError(
    'cluster_unavailable',
    `the address of the Kubernetes API server answered ${what}: ${JSON.stringify(beginning)} (${request.method} ${request.path})`,
  );
}

function codeFor(
  httpStatus: number,
  status: KubernetesStatus,
  refusal: Refusal | undefined,
): SkipperError['code'] {
  switch (httpStatus) {
    case 401:
      return 'unauthorized';
    case 403:
      return forbiddenCode(status, refusal);
    case 404:
      return notFoundCode(status);
    case 409:
      return 'conflict';
    case 429:
      return 'rate_limited';
    default:
      if (refusal?.by === 'webhook') return 'webhook_failed';
      return httpStatus >= 500 || httpStatus === 408 ? 'cluster_unavailable' : 'invalid_object';
  }
}

function forbiddenCode(status: KubernetesStatus, refusal: Refusal | undefined): SkipperError['code'] {
  const causes = status.details?.causes ?? [];
  if (causes.some((cause) => cause.reason === 'NamespaceTerminating')) return 'namespace_gone';
  return refusal === undefined ? 'forbidden' : CODE_BY_REFUSAL[refusal.by];
}

const CODE_BY_REFUSAL = {
  quota: 'quota_exceeded',
  limits: 'limits_missing',
  'limit-range': 'limit_range',
  'pod-security': 'pod_rejected',
  webhook: 'webhook_failed',
  rbac: 'forbidden',
} as const;

function notFoundCode(status: KubernetesStatus): SkipperError['code'] {
  if (status.details?.kind === 'namespaces') return 'namespace_gone';
  // The response for an unknown resource is plain text, or a Status without a name.
  return status.details?.name ? 'not_found' : 'crd_missing';
}

function retryAfter(status: KubernetesStatus, header: string | undefined): number | undefined {
  const seconds = Number(header ?? status.details?.retryAfterSeconds);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
}

function parseStatus(body: string): KubernetesStatus {
  const parsed = parseJson(body);
  return typeof parsed === 'object' && parsed !== null ? (parsed as KubernetesStatus) : {};
}
