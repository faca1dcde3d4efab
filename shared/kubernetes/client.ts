import type { KubeConfig } from '@kubernetes/client-node';
import { keepConnection } from './keep-connection.ts';
import { pathOf, type Resource } from './resources.ts';
import { type KubernetesRequest, openStream, requestJson, requestText, type Sender } from './send-request.ts';

/** The maximum number of connections to an API server, not counting watches. */
const MAX_CONNECTIONS = 64;

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
 * The few Kubernetes API calls that Skipper needs. An error response throws a `KubernetesError`, no response a
 * `SkipperError` (`cluster_unavailable`), both with their class.
 */
export interface KubernetesClient {
  readonly server: string;
  /** Sends a request and parses the JSON response. */
  request<T>(request: KubernetesRequest): Promise<T>;
  /** Sends a request and returns the text of the response: pod logs. */
  requestText(request: KubernetesRequest): Promise<string>;
  /** Opens a streaming response: watches. */
  stream(request: KubernetesRequest): Promise<AsyncIterable<Buffer>>;
  /** One object, or undefined if it does not exist. */
  get<T>(resource: Resource, ref: ObjectRef): Promise<T | undefined>;
  create<T>(resource: Resource, namespace: string | undefined, body: unknown): Promise<T>;
  /** Server-side apply under Skipper's field manager; takes over fields that others own. */
  apply<T>(resource: Resource, ref: ObjectRef, body: unknown): Promise<T>;
  /** Deletes an object; one that is gone already is not an error. */
  delete(resource: Resource, ref: ObjectRef, options?: DeleteOptions): Promise<void>;
  close(): Promise<void>;
}

export interface ClientOptions {
  readonly userAgent: string;
  readonly fieldManager: string;
  readonly maxConnections?: number;
  /** The timeout of a request. */
  readonly timeoutMs?: number;
}

/** A client with the credentials of a kubeconfig: the library reads them, this module keeps the connections. */
export function createKubernetesClient(kubeConfig: KubeConfig, options: ClientOptions): KubernetesClient {
  const { userAgent, fieldManager, timeoutMs, maxConnections = MAX_CONNECTIONS } = options;
  const cluster = kubeConfig.getCurrentCluster();
  if (!cluster) throw new Error('the kubeconfig has no current cluster: set current-context');
  const server = cluster.server.replace(/\/$/, '');
  const connection = keepConnection(kubeConfig, server, maxConnections);
  const sender: Sender = { server, userAgent, connection, timeoutMs };

  const request = <T>(call: KubernetesRequest) => requestJson<T>(sender, call);

  return {
    server,
    request,
    requestText: (call) => requestText(sender, call),
    stream: (call) => openStream(sender, call),
    get: <T>(resource: Resource, ref: ObjectRef) =>
      unlessMissing(request<T>({ method: 'GET', path: pathOf(resource, ref) })),
    create: <T>(resource: Resource, namespace: string | undefined, body: unknown) =>
      request<T>({
        method: 'POST',
        path: pathOf(resource, namespace === undefined ? {} : { namespace }),
        query: { fieldManager },
        body,
      }),
    apply: <T>(resource: Resource, ref: ObjectRef, body: unknown) =>
      request<T>({
        method: 'PATCH',
        patchType: 'apply',
        path: pathOf(resource, ref),
        query: { fieldManager, force: true },
        body,
      }),
    delete: async (resource, ref, deletion = {}) => {
      await unlessMissing(request(deleteRequest(pathOf(resource, ref), deletion)));
    },
    close: connection.close,
  };
}

/** True if the object does not exist; false if its namespace or resource type does not. */
export function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'not_found';
}

async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * The options go into the query if possible: undici opens a new connection for every DELETE that has a body. Kubernetes
 * ignores the query once there is a body.
 */
function deleteRequest(
  path: string,
  { gracePeriodSeconds, preconditions }: DeleteOptions,
): KubernetesRequest {
  const body = preconditions && { gracePeriodSeconds, preconditions };
  return { method: 'DELETE', path, query: body ? {} : { gracePeriodSeconds }, body };
}
