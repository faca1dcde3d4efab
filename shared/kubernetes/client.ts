import { readFileSync } from 'node:fs';
import { HttpMethod, type KubeConfig, RequestContext } from '@kubernetes/client-node';
import { SpanKind } from '@opentelemetry/api';
import { Agent, type Dispatcher, request as send } from 'undici';
import { pause } from '../pause.ts';
import { inSpan } from '../telemetry/spans.ts';
import { classifyNetworkError, classifyRefusal } from './classify-error.ts';
import { pathOf, type Resource } from './resources.ts';

/** How long one answer may take; watches have their own watchdog. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Service account tokens rotate: credentials are asked for again this often. */
const CREDENTIALS_MAX_AGE_MS = 30_000;
const FORBIDDEN_RETRIES = 3;
const FORBIDDEN_PAUSE_MS = 1_500;
/** One API server is spoken to over at most this many connections, watches aside. */
const MAX_CONNECTIONS = 64;

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
  /** The caller asks again by itself, so a denial is told at once. */
  readonly retryForbidden?: boolean;
}

export interface ObjectRef {
  readonly namespace?: string;
  readonly name: string;
  readonly subresource?: string;
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

/**
 * The few verbs that Skipper needs of a Kubernetes API server. Every refusal is a `KubernetesError`, every silence a
 * `SkipperError` (`cluster_unavailable`), both with their class.
 */
export interface KubernetesClient {
  readonly server: string;
  /** Sends a request and parses the JSON answer. */
  request<T>(request: KubernetesRequest): Promise<T>;
  /** Sends a request and gives the answer's text: pod logs. */
  requestText(request: KubernetesRequest): Promise<string>;
  /** Opens an answer that goes on: watches. */
  stream(request: KubernetesRequest): Promise<AsyncIterable<Buffer>>;
  /** One object, or undefined where there is none. */
  get<T>(resource: Resource, ref: ObjectRef): Promise<T | undefined>;
  create<T>(resource: Resource, namespace: string | undefined, body: unknown): Promise<T>;
  /** Server-side apply under Skipper's field manager; takes over fields that others own. */
  apply<T>(resource: Resource, ref: ObjectRef, body: unknown): Promise<T>;
  /** Deletes an object; one that is gone already is no error. */
  delete(resource: Resource, ref: ObjectRef, options?: DeleteOptions): Promise<void>;
  close(): Promise<void>;
}

export interface ClientOptions {
  readonly userAgent: string;
  readonly fieldManager: string;
  readonly maxConnections?: number;
}

/** A client on the credentials of a kubeconfig: the library reads them, connections are kept here. */
export function createKubernetesClient(kubeConfig: KubeConfig, options: ClientOptions): KubernetesClient {
  const cluster = kubeConfig.getCurrentCluster();
  if (!cluster) throw new Error('the kubeconfig names no current cluster: set current-context');
  const server = cluster.server.replace(/\/$/, '');
  const connection = keepConnection(kubeConfig, server, options.maxConnections ?? MAX_CONNECTIONS);

  async function open(
    request: KubernetesRequest,
    timeoutMs: number,
    retries = 0,
  ): Promise<Dispatcher.ResponseData> {
    const { headers, dispatcher } = await connection.credentials(retries > 0);
    const url = `${server}${request.path}${queryString(request.query)}`;
    const response = await send(url, {
      method: request.method,
      headers: {
        accept: 'application/json',
        'user-agent': options.userAgent,
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
    if (response.statusCode < 400) return response;
    const body = await response.body.text();
    // The token may have been rotated under us: once, with fresh credentials.
    if (response.statusCode === 401 && retries === 0) return open(request, timeoutMs, 1);
    const retryAfter = response.headers['retry-after'];
    const refusal = classifyRefusal(
      request,
      response.statusCode,
      body,
      Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
    );
    // An API server that has just started denies everything until it has read its RBAC rules.
    if (refusal.code === 'forbidden' && request.retryForbidden !== false && retries < FORBIDDEN_RETRIES) {
      await pause(FORBIDDEN_PAUSE_MS, { signal: request.signal });
      return open(request, timeoutMs, retries + 1);
    }
    throw refusal;
  }

  function requestText(request: KubernetesRequest): Promise<string> {
    const { method, path } = request;
    const attributes = { 'http.request.method': method, 'url.path': path, 'server.address': server };
    return inSpan(
      `kubernetes ${method}`,
      attributes,
      async (span) => {
        const response = await open(request, REQUEST_TIMEOUT_MS);
        span.setAttribute('http.response.status_code', response.statusCode);
        return response.body.text().catch((error: unknown) => {
          throw classifyNetworkError(request, error);
        });
      },
      SpanKind.CLIENT,
    );
  }

  async function request<T>(call: KubernetesRequest): Promise<T> {
    return JSON.parse(await requestText(call)) as T;
  }

  return {
    server,
    request,
    requestText,
    stream: async (call) => (await open(call, 0)).body,
    get: async <T>(resource: Resource, ref: ObjectRef) => {
      try {
        return await request<T>({ method: 'GET', path: pathOf(resource, ref) });
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    create: <T>(resource: Resource, namespace: string | undefined, body: unknown) =>
      request<T>({
        method: 'POST',
        path: pathOf(resource, namespace === undefined ? {} : { namespace }),
        query: { fieldManager: options.fieldManager },
        body,
      }),
    apply: <T>(resource: Resource, ref: ObjectRef, body: unknown) =>
      request<T>({
        method: 'PATCH',
        patchType: 'apply',
        path: pathOf(resource, ref),
        query: { fieldManager: options.fieldManager, force: true },
        body,
      }),
    delete: async (resource, ref, { gracePeriodSeconds, preconditions } = {}) => {
      // In the query where it can be: undici opens a new connection for every DELETE that has a body. Kubernetes ignores
      // the query once there is one.
      const body = preconditions && { gracePeriodSeconds, preconditions };
      const query = body ? {} : { gracePeriodSeconds };
      try {
        await requestText({ method: 'DELETE', path: pathOf(resource, ref), query, body });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    },
    close: connection.close,
  };
}

/** True for the answer "there is no such object", not for a missing namespace or resource type. */
export function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'not_found';
}

function contentType(request: KubernetesRequest): string {
  return request.patchType === undefined ? 'application/json' : PATCH_CONTENT_TYPES[request.patchType];
}

function queryString(query: KubernetesRequest['query']): string {
  const entries = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
  if (entries.length === 0) return '';
  return `?${new URLSearchParams(entries.map(([key, value]): [string, string] => [key, String(value)]))}`;
}

/**
 * Keeps one set of connections per cluster and credentials. The library would open a new TLS connection for every
 * request (its issue #2893), which costs two thirds of the throughput.
 */
function keepConnection(kubeConfig: KubeConfig, server: string, maxConnections: number) {
  let headers: Record<string, string> = {};
  let dispatcher: Dispatcher | undefined;
  let identity: string | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  async function read(): Promise<void> {
    const context = new RequestContext(server, HttpMethod.GET);
    const tls: Record<string, unknown> = {};
    await kubeConfig.applySecurityAuthentication(context);
    await kubeConfig.applyToHTTPSOptions(tls);
    const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = tls;
    const connect = { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername };
    headers = { ...context.getHeaders(), ...tokenFromFile(kubeConfig) };
    const now = JSON.stringify(connect);
    if (now !== identity) {
      identity = now;
      dispatcher = openDispatcher(kubeConfig, connect, maxConnections, context);
    }
    readAt = Date.now();
  }

  return {
    async credentials(fresh: boolean) {
      if (fresh || Date.now() - readAt > CREDENTIALS_MAX_AGE_MS) {
        reading ??= read().finally(() => {
          reading = undefined;
        });
        await reading;
      }
      if (!dispatcher) throw new Error('no connection to the cluster');
      return { headers, dispatcher };
    },
    async close() {
      await dispatcher?.destroy();
    },
  };
}

/** Read here as well: the library remembers a token file for a minute, also after the API server has refused the token. */
function tokenFromFile(kubeConfig: KubeConfig): Record<string, string> {
  const file: unknown = kubeConfig.getCurrentUser()?.authProvider?.config?.tokenFile;
  return typeof file === 'string' ? { Authorization: `Bearer ${readFileSync(file, 'utf8').trim()}` } : {};
}

function openDispatcher(
  kubeConfig: KubeConfig,
  connect: Record<string, unknown>,
  maxConnections: number,
  context: RequestContext,
): Dispatcher {
  const { type } = kubeConfig.createDispatcherOptions(kubeConfig.getCurrentCluster(), connect);
  const theirs = context.getDispatcher() as Dispatcher | undefined;
  if ((type === 'proxy' || type === 'socks') && theirs) return theirs;
  return new Agent({ connect, connections: maxConnections, keepAliveTimeout: 60_000 });
}
