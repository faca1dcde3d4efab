import * as z from 'zod';
import { PlanView } from '../domain/deploy/plan-view.ts';
import { NamespaceObjects } from '../domain/explain/namespace-details.ts';
import { NamespaceLogs } from '../domain/explain/namespace-logs.ts';
import { FleetDocument } from '../domain/fleet/fleet-feed.ts';
import { ReleaseList } from '../domain/fleet/fleet-summary.ts';
import { RolloutView } from '../domain/rollout/rollout-view.ts';
import { type ApiAddress, type CallOptions, openApiCalls } from './call-api.ts';
import { type DeployRequest, deployBody } from './deploy-request.ts';
import { NamespaceAnswer } from './namespace-answer.ts';
import { readEvents, type ServerSentEvent } from './server-sent-events.ts';

export interface PlanOptions {
  /** For thousands of namespaces the steps are megabytes. */
  readonly withSteps: boolean;
  readonly signal?: AbortSignal;
}

/** Skipper's API. Every method throws an ApiError if it gets no usable answer. */
export interface ApiClient {
  fleet(options?: Pick<CallOptions, 'timeoutMs'>): Promise<FleetDocument>;
  /** The events after a position, until the signal ends the stream. */
  events(position: string, signal: AbortSignal): Promise<AsyncIterable<ServerSentEvent>>;
  namespace(name: string): Promise<NamespaceAnswer>;
  objects(namespace: string): Promise<NamespaceObjects>;
  logs(namespace: string): Promise<NamespaceLogs>;
  /** What a deploy would do; changes nothing. */
  plan(request: DeployRequest, options: PlanOptions): Promise<PlanView>;
  /** The key makes it safe to repeat the request after a lost answer. */
  deploy(request: DeployRequest, idempotencyKey: string): Promise<RolloutView>;
  rollout(id: string): Promise<RolloutView>;
  releases(): Promise<ReleaseList>;
  /** Requests a check of the release channels, which a worker does later. */
  checkReleases(): Promise<void>;
}

export function createApiClient(address: ApiAddress): ApiClient {
  const { get, post, stream } = openApiCalls(address);
  return {
    fleet: (options) => get('/api/fleet', FleetDocument, options),
    events: async (position, signal) =>
      readEvents(await stream(`/api/fleet/events?since=${encodeURIComponent(position)}`, signal)),
    namespace: (name) => get(`/api/namespaces/${encodeURIComponent(name)}`, NamespaceAnswer),
    objects: (name) => get(`/api/namespaces/${encodeURIComponent(name)}/objects`, NamespaceObjects),
    logs: (name) => get(`/api/namespaces/${encodeURIComponent(name)}/logs`, NamespaceLogs),
    plan: (request, { withSteps, signal }) => {
      const json = { ...deployBody(request), dry_run: true, ...(withSteps ? {} : { omit_steps: true }) };
      return post('/api/deploy', { json, schema: PlanView }, { signal });
    },
    deploy: (request, key) =>
      post(
        '/api/deploy',
        { json: deployBody(request), schema: RolloutView },
        { headers: { 'idempotency-key': key } },
      ),
    rollout: (id) => get(`/api/rollouts/${encodeURIComponent(id)}`, RolloutView),
    releases: () => get('/api/releases', ReleaseList),
    checkReleases: async () => {
      await post('/api/releases/check', { json: {}, schema: z.unknown() });
    },
  };
}
