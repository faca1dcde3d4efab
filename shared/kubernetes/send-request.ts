import { SpanKind } from '@opentelemetry/api';
import { type Dispatcher, request as send } from 'undici';
import { SkipperError } from '../../domain/errors.ts';
import { inTime } from '../network/in-time.ts';
import { pause } from '../pause.ts';
import { inSpan } from '../telemetry/spans.ts';
import { classifyForeignAnswer, classifyNetworkError, classifyRefusal } from './classify-error.ts';
import type { Connection } from './keep-connection.ts';

/**
 * The timeout of a request, from reading the credentials to the last byte. A watch must start within it; after that its
 * own watchdog applies.
 */
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
  /** The representation that is asked for; by default whole objects, as JSON. */
  readonly accept?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** False: a denial is thrown at once, without a retry here. */
  readonly retryForbidden?: boolean;
}

/** The server that requests go to, and how they are sent. */
export interface Sender {
  readonly server: string;
  readonly userAgent: string;
  readonly connection: Connection;
  readonly timeoutMs?: number | undefined;
}

/** Sends a request and returns the text of the response. */
export function requestText(sender: Sender, request: KubernetesRequest): Promise<string> {
  const { method, path } = request;
  const attributes = { 'http.request.method': method, 'url.path': path, 'server.address': sender.server };
  return inSpan(
    `kubernetes ${method}`,
    attributes,
    async (span) => {
      const { statusCode, text } = await open(sender, request, WHOLE);
      span.setAttribute('http.response.status_code', statusCode);
      return text;
    },
    SpanKind.CLIENT,
  );
}

/** Sends a request and parses the JSON response. */
export async function requestJson<T>(sender: Sender, request: KubernetesRequest): Promise<T> {
  const text = await requestText(sender, request);
  try {
    return JSON.parse(text) as T;
  } catch {
    throw classifyForeignAnswer(request, 'with something other than JSON', text);
  }
}

/** Opens a streaming response: it must start in time, and can then last indefinitely. */
export function openStream(sender: Sender, request: KubernetesRequest): Promise<AsyncIterable<Buffer>> {
  return open(sender, request, LASTING);
}

/** How a response below 400 is read, within the timeout of the request. */
interface Reading<T> {
  readonly take: (response: Dispatcher.ResponseData) => Promise<T>;
  /** The result is a stream, which lasts until the request's own signal ends it. */
  readonly lasts: boolean;
}

const WHOLE: Reading<{ statusCode: number; text: string }> = {
  take: async ({ statusCode, body }) => ({ statusCode, text: await body.text() }),
  lasts: false,
};

const LASTING: Reading<AsyncIterable<Buffer>> = { take: async ({ body }) => body, lasts: true };

async function open<T>(
  sender: Sender,
  request: KubernetesRequest,
  reading: Reading<T>,
  retries = 0,
): Promise<T> {
  const { timeoutMs = REQUEST_TIMEOUT_MS } = sender;
  const limits = { timeoutMs, signal: request.signal, lasts: reading.lasts };
  const answer = await inTime(limits, async (signal): Promise<{ value: T } | Refused> => {
    const response = await sendOnce(sender, request, { signal, retries });
    if (isForeign(response))
      throw classifyForeignAnswer(request, nameOf(response), await response.body.text());
    if (response.statusCode < 400) return { value: await reading.take(response) };
    const retryAfter = retryAfterOf(response);
    return { status: response.statusCode, body: await response.body.text(), retryAfter };
  }).catch((error: unknown) => {
    throw error instanceof SkipperError ? error : classifyNetworkError(request, error);
  });
  if ('value' in answer) return answer.value;
  // The token can have been rotated: retry once, with fresh credentials.
  if (answer.status === 401 && retries === 0) return open(sender, request, reading, 1);
  const refusal = classifyRefusal(request, answer.status, answer.body, answer.retryAfter);
  // An API server that has just started denies everything until it has read its RBAC rules.
  if (refusal.code === 'forbidden' && request.retryForbidden !== false && retries < FORBIDDEN_RETRIES) {
    await pause(FORBIDDEN_PAUSE_MS, { signal: request.signal });
    return open(sender, request, reading, retries + 1);
  }
  throw refusal;
}

interface Refused {
  readonly status: number;
  readonly body: string;
  readonly retryAfter: string | undefined;
}

/** An API server neither redirects nor sends HTML: a load balancer or login page in front of it does. */
function isForeign({ statusCode, headers }: Dispatcher.ResponseData): boolean {
  if (statusCode >= 300) return statusCode < 400;
  return String(headers['content-type'] ?? '').startsWith('text/html');
}

function nameOf({ statusCode, headers }: Dispatcher.ResponseData): string {
  const { location, 'content-type': type } = headers;
  return `HTTP ${statusCode}${location === undefined ? ` with ${type}` : ` to ${location}`}`;
}

async function sendOnce(
  { server, userAgent, connection }: Sender,
  request: KubernetesRequest,
  { signal, retries }: { readonly signal: AbortSignal; readonly retries: number },
): Promise<Dispatcher.ResponseData> {
  const { headers, dispatcher } = await connection.credentials(retries > 0);
  return send(`${server}${request.path}${queryString(request.query)}`, {
    method: request.method,
    headers: {
      accept: request.accept ?? 'application/json',
      'user-agent': userAgent,
      ...headers,
      ...(request.body === undefined ? {} : { 'content-type': contentType(request) }),
    },
    body: request.body === undefined ? null : JSON.stringify(request.body),
    dispatcher,
    headersTimeout: 0,
    bodyTimeout: 0,
    signal,
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
