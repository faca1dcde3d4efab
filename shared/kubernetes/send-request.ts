import { SpanKind } from '@opentelemetry/api';
import { type Dispatcher, request as send } from 'undici';
import { pause } from '../pause.ts';
import { inSpan } from '../telemetry/spans.ts';
import { classifyNetworkError, classifyRefusal } from './classify-error.ts';
import type { Connection } from './keep-connection.ts';

/** How long one answer may take; watches have their own watchdog. */
const REQUEST_TIMEOUT_MS = 30_000;
const FORBIDDEN_RETRIES = 3;
const FORBIDDEN_PAUSE_MS = 1_500;

export type PatchType = 'apply' | 'merge' | 'json';

const PATCH_CONTENT_TYPES: Record<PatchType, string> = {
  apply: 'application/apply-patch+yaml',
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
};

export interface KubernetesRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly patchType?: PatchType;
  readonly signal?: AbortSignal | undefined;
  /** False: the caller retries a denial, so it is thrown at once. */
  readonly retryForbidden?: boolean;
}

/** Where requests go, and who sends them. */
export interface Sender {
  readonly server: string;
  readonly userAgent: string;
  readonly connection: Connection;
}

/** Sends a request and gives the answer's text. */
export function requestText(sender: Sender, request: KubernetesRequest): Promise<string> {
  const { method, path } = request;
  const attributes = { 'http.request.method': method, 'url.path': path, 'server.address': sender.server };
  return inSpan(
    `kubernetes ${method}`,
    attributes,
    async (span) => {
      const response = await open(sender, request, { timeoutMs: REQUEST_TIMEOUT_MS });
      span.setAttribute('http.response.status_code', response.statusCode);
      return response.body.text().catch((error: unknown) => {
        throw classifyNetworkError(request, error);
      });
    },
    SpanKind.CLIENT,
  );
}

/** Opens an answer that lasts, without a time limit. */
export async function openStream(sender: Sender, request: KubernetesRequest): Promise<AsyncIterable<Buffer>> {
  return (await open(sender, request, { timeoutMs: 0 })).body;
}

interface Try {
  readonly timeoutMs: number;
  /** Tries before this one. */
  readonly retries?: number;
}

async function open(
  sender: Sender,
  request: KubernetesRequest,
  { timeoutMs, retries = 0 }: Try,
): Promise<Dispatcher.ResponseData> {
  const response = await sendOnce(sender, request, { timeoutMs, retries });
  if (response.statusCode < 400) return response;
  const body = await response.body.text();
  // The token may have been rotated under us: once, with fresh credentials.
  if (response.statusCode === 401 && retries === 0) return open(sender, request, { timeoutMs, retries: 1 });
  const refusal = classifyRefusal(request, response.statusCode, body, retryAfterOf(response));
  // An API server that has just started denies everything until it has read its RBAC rules.
  if (refusal.code === 'forbidden' && request.retryForbidden !== false && retries < FORBIDDEN_RETRIES) {
    await pause(FORBIDDEN_PAUSE_MS, { signal: request.signal });
    return open(sender, request, { timeoutMs, retries: retries + 1 });
  }
  throw refusal;
}

async function sendOnce(
  { server, userAgent, connection }: Sender,
  request: KubernetesRequest,
  { timeoutMs, retries }: Required<Try>,
): Promise<Dispatcher.ResponseData> {
  const { headers, dispatcher } = await connection.credentials(retries > 0);
  return send(`${server}${request.path}${queryString(request.query)}`, {
    method: request.method,
    headers: {
      accept: 'application/json',
      'user-agent': userAgent,
      ...headers,
      ...(request.body === undefined ? {} : { 'content-type': contentType(request) }),
    },
    body: request.body === undefined ? null : JSON.stringify(request.body),
    dispatcher,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    signal: request.signal ?? null,
  }).catch((error: unknown) => {
    throw classifyNetworkError(request, error);
  });
}

function retryAfterOf({ headers }: Dispatcher.ResponseData): string | undefined {
  const retryAfter = headers['retry-after'];
  return Array.isArray(retryAfter) ? retryAfter[0] : retryAfter;
}

function contentType(request: KubernetesRequest): string {
  return request.patchType === undefined ? 'application/json' : PATCH_CONTENT_TYPES[request.patchType];
}

function queryString(query: KubernetesRequest['query']): string {
  const entries = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
  if (entries.length === 0) return '';
  return `?${new URLSearchParams(entries.map(([key, value]): [string, string] => [key, String(value)]))}`;
}
