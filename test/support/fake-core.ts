import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { NamespaceSnapshot } from '../../domain/cluster/observed.ts';
import { NO_RECEIVERS } from '../../domain/notify/notify-config.ts';
import { ok } from '../../domain/release/result.ts';
import { BadRequestError } from '../../shared/bad-request-error.ts';
import { readSettings, type SettingSources } from '../../shared/config.ts';
import type { Core } from '../../shared/core.ts';
import type {
  AcceptedRollout,
  DeployCommand,
  DeployService,
  PlannedTarget,
} from '../../shared/deploy-service.ts';
import type { ClusterCache } from '../../shared/kubernetes/cluster-cache.ts';
import { createMetrics } from '../../shared/metrics.ts';
import type { ChangeFeed } from '../../shared/state/change-feed.ts';
import { aConfig, aRollout, aSettledSnapshot, silentLog } from './builders.ts';
import { aStatus } from './healing-builders.ts';

/** A core without Redis and cluster: a fleet defined by the test, and a service that records its requests. */
export interface FakeCore {
  readonly core: Core;
  readonly requested: DeployCommand[];
  readonly planned: Pick<DeployCommand, 'namespaces' | 'forceBootstrap'>[];
}

export interface FakeCoreOptions {
  readonly namespaces?: Readonly<Record<string, Partial<NamespaceSnapshot>>>;
  readonly flags?: SettingSources['flags'];
  /** Every deploy fails with this error. */
  readonly failure?: Error;
  readonly replayed?: boolean;
  readonly log?: Logger;
}

export function createFakeCore(options: FakeCoreOptions = {}): FakeCore {
  const { namespaces = { 'team-a': {}, 'team-b': {} }, failure, replayed = false, log = silentLog } = options;
  const requested: DeployCommand[] = [];
  const planned: FakeCore['planned'] = [];
  const cluster = createFakeCluster(namespaces);

  const service: DeployService = {
    request: async (command): Promise<AcceptedRollout> => {
      if (failure) throw failure;
      const names = command.namespaces ?? cluster.namespaces();
      const unknown = names.filter((name) => !cluster.namespaces().includes(name));
      if (unknown.length > 0)
        throw new BadRequestError('namespaces', `no FIAAS namespace: ${unknown}`, unknown);
      requested.push(command);
      const targets = new Map(names.map((name) => [name, { state: 'pending' as const, jobId: `${name}.1` }]));
      return { rollout: aRollout({ forceBootstrap: command.forceBootstrap }), targets, replayed };
    },
    plan: async (command): Promise<PlannedTarget[]> => {
      planned.push(command);
      return cluster
        .namespaces()
        .map((namespace) => ({ namespace, action: 'unchanged', reason: 'already runs', steps: [] }));
    },
    repair: async () => 0,
  };

  const queue = {
    name: 'deploy',
    metaValues: { version: 'bullmq:6' },
    getJobCounts: async () => ({}),
    getWorkers: async () => [],
    isPaused: async () => false,
  };
  const core = {
    settings: readSettings({ flags: options.flags ?? {}, env: {} }),
    log,
    metrics: createMetrics(),
    redis: { status: 'end' } as Redis,
    redisHealth: {
      problems: () => [],
      check: async () => [],
      onChange: () => undefined,
      stop: () => undefined,
    },
    epoch: {
      current: () => undefined,
      problem: () => undefined,
      onOpened: () => undefined,
      check: async () => undefined,
      stop: () => undefined,
    },
    prefix: '{fake}',
    cluster,
    service,
    deployQueue: queue,
    releaseCheckQueue: { ...queue, name: 'release-check', getJobScheduler: async () => undefined },
    rolloutQueue: { ...queue, name: 'rollouts' },
    releases: { problems: () => [] },
    telemetry: { problems: () => [] },
    policy: { current: () => ({}) },
    receivers: { current: () => NO_RECEIVERS, problem: () => undefined },
    notificationQueue: { ...queue, name: 'notifications', getJobs: async () => [] },
    healing: {
      stop: async () => ({ status: aStatus() }),
      resume: async () => ({ status: aStatus() }),
      release: async ({ namespaces }: { namespaces: readonly string[] }) => ({
        released: [],
        unknown: namespaces,
      }),
    },
    state: {
      audit: async () => undefined,
      auditBefore: async () => ({ entries: [], next: undefined }),
      foundReleases: async () => new Map(),
      saveFoundReleases: async () => undefined,
      rolloutsHolding: async () => [],
      record: async () => undefined,
      scarceRequests: async () => undefined,
      rollout: async () => undefined,
      rolloutsWithCounts: async () => [],
      rolloutPage: async () => ({ rollouts: [] }),
      rolloutsOf: async () => new Set(),
      rolloutPlans: async () => new Map(),
      rolloutEvents: async () => [],
      recentDurations: async () => [],
      verifiedReleases: async () => new Map(),
      records: async () => new Map(),
      release: async () => undefined,
      holds: async () => new Map(),
      hold: async () => undefined,
      endHold: async () => 0,
      healing: async () => new Map(),
      healingIn: async () => new Map(),
      healingOf: async () => undefined,
      healingStatus: async () => undefined,
      saveProblem: async () => undefined,
      ignoredReleases: async () => new Map(),
      ignoreRelease: async () => undefined,
      endIgnore: async () => 0,
      channels: async () => new Map(),
      receiverHealth: async () => new Map(),
      lastReleaseCheck: async () => undefined,
      restingWorkers: async () => new Map(),
      heartbeats: async () => new Map(['a', 'b'].map((worker) => [worker, String(Date.now())])),
    },
  } as unknown as Core;
  return { core, requested, planned };
}

/** A feed without changes. */
export const silentFeed: ChangeFeed = { listen: () => undefined, close: () => undefined };

export function createFakeCluster(
  namespaces: Readonly<Record<string, Partial<NamespaceSnapshot>>>,
): ClusterCache {
  const nothing = () => () => undefined;
  return {
    snapshot: (namespace) => {
      const known = namespaces[namespace];
      if (!known) return aSettledSnapshot({ namespace, config: undefined });
      return aSettledSnapshot({ namespace, config: ok(aConfig({ namespace })), ...known });
    },
    namespaces: () => Object.keys(namespaces).sort(),
    synced: async () => undefined,
    isSynced: () => true,
    deploymentsPosition: () => '200',
    applicationsPosition: () => undefined,
    watches: () => [],
    onChange: nothing,
    onAnyChange: nothing,
    stop: async () => undefined,
  };
}
