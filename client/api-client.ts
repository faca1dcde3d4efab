import * as z from 'zod';
import { AuditList } from '../domain/audit/audit-list.ts';
import { PlanView } from '../domain/deploy/plan-view.ts';
import { ServerPlan } from '../domain/deploy/server-plan.ts';
import { NamespaceObjects } from '../domain/explain/namespace-details.ts';
import { NamespaceLogs } from '../domain/explain/namespace-logs.ts';
import { FleetDocument } from '../domain/fleet/fleet-feed.ts';
import { ReleaseList } from '../domain/fleet/fleet-summary.ts';
import {
  HealCommandView,
  HealingList,
  QuarantineList,
  ReleasedFromQuarantine,
} from '../domain/heal/healing-view.ts';
import { NotificationTest, ReceiverList } from '../domain/notify/receiver-view.ts';
import {
  HoldList,
  IgnoredReleaseList,
  NamespaceHold,
  RolloutCommandView,
  RolloutList,
  RolloutView,
} from '../domain/rollout/rollout-view.ts';
import type { AuditRequest } from './audit-requests.ts';
import { type ApiAddress, type ApiCalls, type CallOptions, openApiCalls } from './call-api.ts';
import { type DeployRequest, deployBody } from './deploy-request.ts';
import type { HealingRequest } from './healing-request.ts';
import type { HoldBody, HoldCommand } from './hold-requests.ts';
import { NamespaceAnswer } from './namespace-answer.ts';
import { queryOf } from './query-of.ts';
import {
  type RollbackBody,
  type RolloutCommand,
  type RolloutCommandBody,
  type RolloutFilter,
  rolloutQuery,
  type TargetPage,
} from './rollout-requests.ts';
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
  /** The same, tried in the API server's dry run, and kept so that it can be applied. */
  planOnServer(request: DeployRequest): Promise<ServerPlan>;
  serverPlan(id: string): Promise<ServerPlan>;
  /** Carries a plan out; the same plan again returns the same rollout. */
  applyPlan(id: string): Promise<RolloutView>;
  rollout(id: string, targets?: TargetPage): Promise<RolloutView>;
  /** Newest first, without their targets. */
  rollouts(filter: RolloutFilter): Promise<RolloutList>;
  commandRollout(id: string, command: RolloutCommand, body: RolloutCommandBody): Promise<RolloutCommandView>;
  /** The answer is the new rollout. */
  rollBack(id: string, body: RollbackBody): Promise<RolloutView>;
  holds(): Promise<HoldList>;
  holdNamespace(namespace: string, command: HoldCommand, body: HoldBody): Promise<NamespaceHold>;
  ignoredReleases(): Promise<IgnoredReleaseList>;
  ignoreRelease(version: string, reason: string): Promise<void>;
  endIgnoring(version: string, reason: string): Promise<void>;
  /** One page of the namespaces that are not well, worst state first. */
  healing(request?: HealingRequest): Promise<HealingList>;
  commandHealing(command: 'stop' | 'resume', reason: string): Promise<HealCommandView>;
  quarantine(): Promise<QuarantineList>;
  releaseFromQuarantine(namespaces: readonly string[], reason: string): Promise<ReleasedFromQuarantine>;
  /** A page of the audit log, newest first. */
  audit(request: AuditRequest): Promise<AuditList>;
  releases(): Promise<ReleaseList>;
  /** Requests a check of the release channels, which a worker does later. */
  checkReleases(): Promise<void>;
  /** Who is notified about what. */
  receivers(): Promise<ReceiverList>;
  /** Sends a test message to one receiver, or to all. */
  testReceivers(receiver: string | undefined): Promise<NotificationTest>;
}

export function createApiClient(address: ApiAddress): ApiClient {
  const calls = openApiCalls(address);
  const { get, post, stream } = calls;
  return {
    fleet: (options) => get('/api/fleet', FleetDocument, options),
    events: async (position, signal) =>
      readEvents(await stream(`/api/fleet/events?since=${encodeURIComponent(position)}`, signal)),
    namespace: (name) => get(`/api/namespaces/${encodeURIComponent(name)}`, NamespaceAnswer),
    objects: (name) => get(`/api/namespaces/${encodeURIComponent(name)}/objects`, NamespaceObjects),
    logs: (name) => get(`/api/namespaces/${encodeURIComponent(name)}/logs`, NamespaceLogs),
    plan: ({ namespaces, forceBootstrap }, { withSteps, signal }) => {
      const json = {
        ...deployBody({ namespaces, forceBootstrap }),
        dry_run: true,
        ...(withSteps ? {} : { omit_steps: true }),
      };
      return post('/api/deploy', { json, schema: PlanView }, { signal });
    },
    deploy: (request, key) =>
      post(
        '/api/deploy',
        { json: deployBody(request), schema: RolloutView },
        { headers: { 'idempotency-key': key } },
      ),
    planOnServer: (request) =>
      post('/api/rollouts?dryRun=server', { json: deployBody(request), schema: ServerPlan }),
    serverPlan: (id) => get(`/api/plans/${encodeURIComponent(id)}`, ServerPlan),
    applyPlan: (plan) => post('/api/rollouts', { json: { plan }, schema: RolloutView }),
    ...rolloutCalls(calls),
    ...holdCalls(calls),
    ...healCalls(calls),
    audit: (request) => get(`/api/audit${queryOf(request)}`, AuditList),
    releases: () => get('/api/releases', ReleaseList),
    checkReleases: async () => {
      await post('/api/releases/check', { json: {}, schema: z.unknown() });
    },
    receivers: () => get('/api/notifications', ReceiverList),
    testReceivers: (receiver) =>
      post('/api/notifications/test', {
        json: receiver === undefined ? {} : { receiver },
        schema: NotificationTest,
      }),
  };
}

type RolloutCalls = Pick<ApiClient, 'rollout' | 'rollouts' | 'commandRollout' | 'rollBack'>;

function rolloutCalls({ get, post }: ApiCalls): RolloutCalls {
  const pathOf = (id: string) => `/api/rollouts/${encodeURIComponent(id)}`;
  return {
    rollout: (id, targets = {}) => get(pathOf(id) + rolloutQuery(targets), RolloutView),
    rollouts: (filter) => get(`/api/rollouts${rolloutQuery(filter)}`, RolloutList),
    commandRollout: (id, command, json) =>
      post(`${pathOf(id)}/${command}`, { json, schema: RolloutCommandView }),
    rollBack: (id, json) => post(`${pathOf(id)}/rollback`, { json, schema: RolloutView }),
  };
}

type HoldCalls = Pick<
  ApiClient,
  'holds' | 'holdNamespace' | 'ignoredReleases' | 'ignoreRelease' | 'endIgnoring'
>;

function holdCalls({ get, post }: ApiCalls): HoldCalls {
  const ignored = '/api/ignored-releases';
  return {
    holds: () => get('/api/holds', HoldList),
    holdNamespace: (namespace, command, json) =>
      post(`/api/namespaces/${encodeURIComponent(namespace)}/${command}`, { json, schema: NamespaceHold }),
    ignoredReleases: () => get(ignored, IgnoredReleaseList),
    ignoreRelease: async (version, reason) => {
      await post(ignored, { json: { version, reason }, schema: z.unknown() });
    },
    endIgnoring: async (version, reason) => {
      await post(`${ignored}/${encodeURIComponent(version)}/release`, {
        json: { reason },
        schema: z.unknown(),
      });
    },
  };
}

type HealCalls = Pick<ApiClient, 'healing' | 'commandHealing' | 'quarantine' | 'releaseFromQuarantine'>;

function healCalls({ get, post }: ApiCalls): HealCalls {
  return {
    healing: (request = {}) => get(`/api/healing${queryOf(request)}`, HealingList),
    commandHealing: (command, reason) =>
      post(`/api/healing/${command}`, { json: { reason }, schema: HealCommandView }),
    quarantine: () => get('/api/quarantine', QuarantineList),
    releaseFromQuarantine: (namespaces, reason) =>
      post('/api/quarantine/release', { json: { namespaces, reason }, schema: ReleasedFromQuarantine }),
  };
}
