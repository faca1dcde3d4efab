import { KubernetesError } from '../../shared/kubernetes/classify-error.ts';
import type { KubernetesClient } from '../../shared/kubernetes/client.ts';
import { pathOf, type Resource } from '../../shared/kubernetes/resources.ts';
import type { KubernetesRequest } from '../../shared/kubernetes/send-request.ts';
import { createMetrics } from '../../shared/metrics.ts';
import type { RunContext } from '../../worker/run-context.ts';
import { NAMESPACE, silentLog } from './builders.ts';
import { createFakeCluster } from './fake-core.ts';

export interface FakeRequest {
  /** `apply`, `create`, `delete`, `get`, or the HTTP method of a bare request. */
  readonly verb: string;
  /** `applications/fiaas-deploy-daemon` */
  readonly what: string;
  readonly body?: unknown;
}

/** A client that records requests and returns scripted answers; by default it returns the request's body. */
export interface FakeClient extends KubernetesClient {
  readonly requests: FakeRequest[];
  /** Answers the next request of this kind (`apply applications`); an Error is thrown. */
  answer(kind: string, answer: unknown): void;
}

export function createFakeClient(): FakeClient {
  const requests: FakeRequest[] = [];
  const answers = new Map<string, unknown[]>();

  async function handle(verb: string, path: string, body?: unknown): Promise<never> {
    const what = path.split(`/namespaces/${NAMESPACE}/`)[1] ?? path;
    requests.push(body === undefined ? { verb, what } : { verb, what, body });
    const kind = `${verb} ${what.split('/')[0]}`;
    const planned = answers.get(kind);
    if (!planned || planned.length === 0) return body as never;
    const answer = planned.shift();
    if (answer instanceof Error) throw answer;
    return answer as never;
  }

  return {
    server: 'fake',
    requests,
    answer: (kind, answer) => answers.set(kind, [...(answers.get(kind) ?? []), answer]),
    request: (request: KubernetesRequest) => handle(request.method, request.path, request.body),
    requestText: (request) => handle(request.method, request.path),
    stream: (request) => handle(request.method, request.path),
    get: (resource: Resource, ref) => handle('get', pathOf(resource, ref)),
    create: (resource, namespace, body) =>
      handle('create', pathOf(resource, namespace === undefined ? {} : { namespace }), body),
    apply: (resource, ref, body) => handle('apply', pathOf(resource, ref), body),
    delete: (resource, ref, body) => handle('delete', pathOf(resource, ref), body),
    close: async () => undefined,
  };
}

export function aRefusedRequest(httpStatus: number, code: KubernetesError['code']): KubernetesError {
  return new KubernetesError(code, `refused with ${httpStatus}`, { httpStatus, status: {} });
}

/** A run's context whose notes and remembered fields a test can read. */
export function createFakeContext(overrides: Partial<RunContext> = {}) {
  const client = createFakeClient();
  const remembered: Record<string, string | number> = {};
  const notes: string[] = [];
  const context: RunContext = {
    client,
    cluster: createFakeCluster({ [NAMESPACE]: {} }),
    metrics: createMetrics(),
    settings: {
      manageRbac: false,
      progressDeadlineMs: 1_000,
      bootstrapDeadlineMs: 1_000,
      maxInFlight: '0',
    },
    namespace: NAMESPACE,
    log: silentLog,
    signal: new AbortController().signal,
    interrupted: new AbortController().signal,
    parkAfterMs: 60_000,
    blindMs: () => 0,
    deadEndMs: () => 0,
    assertOurs: () => undefined,
    step: () => undefined,
    progress: () => undefined,
    awaits: () => undefined,
    keepBootstrap: () => undefined,
    remember: async (fields) => {
      Object.assign(remembered, fields);
    },
    logToJob: (line) => void notes.push(line),
    ...overrides,
  };
  return { context, client, remembered, notes };
}
