import { type Logger, pino } from 'pino';
import type { NamespaceConfig } from '../../domain/cluster/namespace-config.ts';
import type {
  NamespaceSnapshot,
  ObservedApplication,
  ObservedDeployment,
  ObservedPod,
  ObservedStatus,
} from '../../domain/cluster/observed.ts';
import { applicationManifest } from '../../domain/deploy/application.ts';
import { deploymentId } from '../../domain/deploy/deployment-id.ts';
import type { Parking } from '../../domain/deploy/parking.ts';
import type { PlanInput } from '../../domain/deploy/plan.ts';
import type { Evidence, Expectation } from '../../domain/deploy/verify.ts';
import type { FleetRow } from '../../domain/fleet/fleet-row.ts';
import type { FleetSummary } from '../../domain/fleet/fleet-summary.ts';
import { summariseFleet } from '../../domain/fleet/summarise-fleet.ts';
import type { Release } from '../../domain/release/release.ts';
import { ok } from '../../domain/release/result.ts';
import type { Rollout } from '../../domain/rollout/rollout.ts';
import type { RedisAddress } from '../../shared/redis.ts';
import { PUBLISHED_CONFIG } from '../../simulator/fdd/published-config.ts';

/** Plausible domain objects; a test overrides only what matters to it. */

export const NAMESPACE = 'team-a';
export const ROLLOUT = 'rollout-1';
export const VERSION = '20220808113256-eef68a8';
export const IMAGE = `fiaas/fiaas-deploy-daemon:${VERSION}`;
export const OLD_IMAGE = 'fiaas/fiaas-deploy-daemon:20190215094822-2ace0ea';
/** The id that the first attempt of ROLLOUT writes in NAMESPACE. */
export const OUR_ID = deploymentId(ROLLOUT, NAMESPACE);
/** An id that upstream Skipper or an earlier rollout wrote. */
export const FOREIGN_ID = '0b7c9d2e-5d1c-4b6a-8a53-1a9f6f6f0c11';

/** All 113 published versions have the same one. */
export { PUBLISHED_CONFIG as FIAAS_YML };

export const silentLog: Logger = pino({ level: 'silent' });

/** One Redis server, without Sentinels and Cluster. */
export function aRedisAddress(url: string): RedisAddress {
  return {
    redisUrl: url,
    redisSentinels: [],
    redisSentinelMaster: undefined,
    redisSentinelPassword: undefined,
    redisCluster: false,
  };
}

export function aRelease(overrides: Partial<Release> = {}): Release {
  return { image: IMAGE, version: VERSION, config: PUBLISHED_CONFIG, ...overrides };
}

export function aConfig(overrides: Partial<NamespaceConfig> = {}): NamespaceConfig {
  return {
    namespace: NAMESPACE,
    configMap: 'fiaas-deploy-daemon',
    tag: 'stable',
    enableServiceAccountPerApp: false,
    useNetworkingV1Ingress: false,
    ...overrides,
  };
}

export function aConfigMap(
  data: Readonly<Record<string, string>> | undefined,
  { name = 'fiaas-deploy-daemon', namespace = NAMESPACE } = {},
) {
  return { metadata: { name, namespace }, ...(data === undefined ? {} : { data }) };
}

/** FDD's Application when it matches the release. */
export function anApplication(overrides: Partial<ObservedApplication> = {}): ObservedApplication {
  return {
    resourceVersion: '100',
    image: IMAGE,
    config: PUBLISHED_CONFIG,
    deploymentId: FOREIGN_ID,
    bootstrapLabel: true,
    status: undefined,
    ...overrides,
  };
}

/** FDD's Deployment, completely rolled out. */
export function aDeployment(overrides: Partial<ObservedDeployment> = {}): ObservedDeployment {
  return {
    resourceVersion: '120',
    generation: 2,
    observedGeneration: 2,
    deploymentId: FOREIGN_ID,
    image: IMAGE,
    replicas: 1,
    currentReplicas: 1,
    updatedReplicas: 1,
    availableReplicas: 1,
    conditions: [],
    environment: {},
    helmRelease: undefined,
    ...overrides,
  };
}

export function aStatus(overrides: Partial<ObservedStatus> = {}): ObservedStatus {
  return {
    name: 'fiaas-deploy-daemon-wbu5o5ibaaaaa',
    resourceVersion: '110',
    deploymentId: FOREIGN_ID,
    result: 'SUCCESS',
    logs: [],
    ...overrides,
  };
}

/** A running, ready pod. */
export function aPod(overrides: Partial<ObservedPod> = {}): ObservedPod {
  return {
    name: 'fiaas-deploy-daemon-5d4f9c',
    resourceVersion: '130',
    phase: 'Running',
    deleting: false,
    ready: true,
    restarts: 0,
    waiting: undefined,
    terminated: undefined,
    unscheduled: undefined,
    startedFor: undefined,
    ...overrides,
  };
}

export function aBootstrapPod(overrides: Partial<ObservedPod> = {}): ObservedPod {
  return aPod({ name: 'fiaas-deploy-daemon-bootstrap', startedFor: OUR_ID, ...overrides });
}

/** A FIAAS namespace without any objects. */
export function aSnapshot(overrides: Partial<NamespaceSnapshot> = {}): NamespaceSnapshot {
  return {
    namespace: NAMESPACE,
    config: ok(aConfig()),
    application: undefined,
    deployment: undefined,
    statuses: [],
    pods: [],
    bootstrapPod: undefined,
    ...overrides,
  };
}

/** A namespace where an earlier deployment of the same release has finished. */
export function aSettledSnapshot(overrides: Partial<NamespaceSnapshot> = {}): NamespaceSnapshot {
  return aSnapshot({
    application: anApplication(),
    deployment: aDeployment(),
    statuses: [aStatus()],
    ...overrides,
  });
}

export function aPlanInput(overrides: Partial<PlanInput> = {}): PlanInput {
  return {
    config: aConfig(),
    release: aRelease(),
    rolloutId: ROLLOUT,
    forceBootstrap: false,
    observed: aSnapshot(),
    quotas: [],
    manageRbac: false,
    done: {},
    ...overrides,
  };
}

export function anExpectation(overrides: Partial<Expectation> = {}): Expectation {
  return { deploymentId: OUR_ID, image: IMAGE, bootstrap: false, ...overrides };
}

/** Everything that verifies OUR_ID: SUCCESS at 110, a rolled-out Deployment, its watch at 200. */
export function anEvidence(
  snapshot: Partial<NamespaceSnapshot> = {},
  overrides: Partial<Evidence> = {},
): Evidence {
  return {
    snapshot: aSnapshot({
      application: anApplication({ deploymentId: OUR_ID }),
      deployment: aDeployment({ deploymentId: OUR_ID }),
      statuses: [aStatus({ deploymentId: OUR_ID })],
      ...snapshot,
    }),
    deploymentsPosition: '200',
    podFinishedForMs: 0,
    ...overrides,
  };
}

export function aRollout(overrides: Partial<Rollout> = {}): Rollout {
  return {
    id: ROLLOUT,
    trigger: 'api',
    requestedBy: 'test',
    forceBootstrap: false,
    createdAt: 1_700_000_000_000,
    releases: [],
    ...overrides,
  };
}

export function aManifest(overrides: { deploymentId?: string; release?: Release } = {}) {
  return applicationManifest({ namespace: NAMESPACE }, overrides.release ?? aRelease(), {
    deploymentId: overrides.deploymentId ?? OUR_ID,
  });
}

/** The row of an up-to-date namespace. */
export function aFleetRow(overrides: Partial<FleetRow> = {}): FleetRow {
  return {
    namespace: NAMESPACE,
    status: 'OK',
    health: 'healthy',
    channel: 'stable',
    version: overrides.version ?? VERSION,
    running: overrides.version ?? VERSION,
    wanted: VERSION,
    activity: 'idle',
    detail: '',
    cause: '',
    causeGroup: '',
    attempt: 0,
    ...overrides,
  };
}

/** The summary of some rows, with a worker and an empty queue. */
export function aFleetSummary(
  rows: readonly FleetRow[] = [],
  overrides: Partial<FleetSummary> = {},
): FleetSummary {
  const queue = { waiting: 0, active: 0, delayed: 0, failed: 0 };
  return {
    ...summariseFleet({ rows, channels: new Map(), workers: 1, queue, rollouts: [], notices: [], stale: [] }),
    ...overrides,
  };
}

/** What a parked run leaves: it waits for OUR_ID. */
export function aParking(overrides: Partial<Parking> = {}): Parking {
  const { deploymentId, image, bootstrap } = anExpectation();
  return {
    generation: 1,
    jobId: `${NAMESPACE}.1`,
    deploymentId,
    image,
    bootstrap,
    isConfigured: false,
    stage: 'verdict',
    began: 1_700_000_000_000,
    until: 1_700_000_300_000,
    hadDeployment: true,
    wasSeen: true,
    podEnded: false,
    outcome: 'updated',
    reason: 'another release was requested',
    warnings: [],
    ...overrides,
  };
}
