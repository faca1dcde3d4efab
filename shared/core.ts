import type { Queue } from 'bullmq';
import type { Logger } from 'pino';
import { FIELD_MANAGER } from '../domain/cluster/names.ts';
import type { Settings } from './config.ts';
import { type DeployJobs, openDeployJobs } from './deploy-jobs.ts';
import { createDeployService, type DeployService } from './deploy-service.ts';
import { createHealCommands, type HealCommands } from './heal-commands.ts';
import { type EpochKeeper, keepEpoch } from './keep-epoch.ts';
import { createKubernetesClient, type KubernetesClient } from './kubernetes/client.ts';
import { type ClusterCache, watchCluster } from './kubernetes/cluster-cache.ts';
import { loadKubeConfig } from './kubernetes/load-kube-config.ts';
import { readConfigInTime } from './kubernetes/read-namespace-config.ts';
import { selectNamespaces } from './kubernetes/select-namespaces.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { type NotifyConfigSource, openNotifyConfig } from './notify/notifications-file.ts';
import {
  type DeployJob,
  type LogJob,
  type NotificationJob,
  openDeployQueue,
  openHealQueue,
  openLogQueue,
  openNotificationQueue,
  openPlanQueue,
  openReleaseCheckQueue,
  openRolloutQueue,
  type RolloutJob,
} from './queues.ts';
import { readCa } from './read-pem.ts';
import { createRebuild } from './rebuild-state.ts';
import { connectRedis, type RedisAddress, type RedisConnection, redisAddressOf } from './redis.ts';
import { openRedisClock } from './redis-clock.ts';
import { redisChannelStore } from './releases/channel-store.ts';
import { createEgressPolicy } from './releases/egress-policy.ts';
import { createHardcodedSource } from './releases/hardcoded-source.ts';
import { readOverride } from './releases/read-override.ts';
import { createReleaseSource, type ReleaseSource } from './releases/release-source.ts';
import { createRollBack, type RollBack } from './roll-back.ts';
import { createRolloutCommands, type RolloutCommands } from './rollout-commands.ts';
import { openRolloutPolicy, type RolloutPolicySource } from './rollout-policy-file.ts';
import { readSavedEpoch, readSavedState } from './saved-state/read-saved-state.ts';
import { openStateConfigMap, type StateConfigMap } from './saved-state/state-config-map.ts';
import { createServerPlans, type ServerPlans } from './server-plans.ts';
import { type DesiredState, openDesiredState } from './state/desired-state.ts';
import { openTelemetry, type Telemetry } from './telemetry/open-telemetry.ts';
import { type RedisHealth, watchRedis } from './watch-redis.ts';

const DAY_SECONDS = 24 * 3600;

/** The parts that the API and the worker share. */
export interface Core {
  readonly settings: Settings;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly redis: RedisConnection;
  readonly redisHealth: RedisHealth;
  /** Its address, for code that needs a connection of its own. */
  readonly redisAddress: RedisAddress;
  /** Prefix of all keys in Redis, with its hash tag. */
  readonly prefix: string;
  readonly client: KubernetesClient;
  readonly cluster: ClusterCache;
  readonly releases: ReleaseSource;
  readonly state: DesiredState;
  readonly epoch: EpochKeeper;
  /** Undefined if nothing is saved outside of Redis. */
  readonly stateConfigMap: StateConfigMap | undefined;
  readonly deployQueue: Queue<DeployJob>;
  readonly rolloutQueue: Queue<RolloutJob>;
  readonly releaseCheckQueue: Queue;
  readonly healQueue: Queue;
  readonly logQueue: Queue<LogJob>;
  readonly notificationQueue: Queue<NotificationJob>;
  readonly policy: RolloutPolicySource;
  /** Who is notified about what. */
  readonly receivers: NotifyConfigSource;
  readonly jobs: DeployJobs;
  readonly service: DeployService;
  readonly commands: RolloutCommands;
  readonly healing: HealCommands;
  readonly plans: ServerPlans;
  readonly rollBack: RollBack;
  readonly telemetry: Telemetry;
  close(): Promise<void>;
}

/** Opens all connections without waiting for them; callers wait for what they need. */
export async function openCore(settings: Settings, log: Logger, version: string): Promise<Core> {
  const telemetry = await openTelemetry(
    settings.otelExporterOtlpEndpoint,
    version,
    log.child({ logger: 'telemetry' }),
  );
  const prefix = `{${settings.redisPrefix}}`;
  const metrics = createMetrics();
  const client = createKubernetesClient(loadKubeConfig({ ...settings, skipTlsVerify: settings.debug }), {
    userAgent: 'fiaas-skipper',
    fieldManager: FIELD_MANAGER,
  });
  const redisAddress = await redisAddressOf(settings);
  const redis = connectRedis(redisAddress, log.child({ logger: 'redis' }));
  const clock = openRedisClock(redis, log.child({ logger: 'redis' }));
  const redisHealth = watchRedis({ redis, prefix, log: log.child({ logger: 'redis' }) });
  const releases = await openReleases(settings, log, redis, prefix);
  const cluster = watchCluster({ client, log: log.child({ logger: 'cluster' }) });
  const state = openDesiredState(redis, prefix, {
    rolloutDays: settings.rolloutRetention,
    now: clock.now,
  });
  const queues = { connection: redis, prefix, telemetry: telemetry.queues };
  const policy = openRolloutPolicy(settings.rolloutPolicy, log.child({ logger: 'rollout-policy' }));
  const receivers = openNotifyConfig(settings.notifications, log.child({ logger: 'notifications' }));
  const deployQueue = openDeployQueue(queues);
  const rolloutQueue = openRolloutQueue(queues);
  const planQueue = openPlanQueue(queues);
  const releaseCheckQueue = openReleaseCheckQueue(queues);
  const healQueue = openHealQueue(queues);
  const logQueue = openLogQueue(queues);
  const notificationQueue = openNotificationQueue(queues);
  const opened = [
    deployQueue,
    rolloutQueue,
    planQueue,
    releaseCheckQueue,
    healQueue,
    logQueue,
    notificationQueue,
  ];
  for (const queue of opened) {
    // The connection itself logs that it is lost; without a listener the process would exit.
    queue.on('error', () => undefined);
  }
  const service = createDeployService({
    cluster,
    releases,
    state,
    queue: deployQueue,
    rolloutQueue,
    policy,
    metrics,
    manageRbac: settings.manageRbac,
    readConfig: (namespace) => readConfigInTime(client, namespace),
    selectNamespaces: (labels) => selectNamespaces(client, labels),
    log: log.child({ logger: 'deploy-service' }),
  });
  const epochLog = log.child({ logger: 'epoch' });
  const stateConfigMap = openStateConfigMap(settings.stateConfigMap, client);
  const epoch = keepEpoch({
    state,
    redis,
    log: epochLog,
    readSavedEpoch: () => readSavedEpoch(stateConfigMap, prefix),
    rebuild: createRebuild({
      state,
      cluster,
      readSaved: () => readSavedState(stateConfigMap, prefix, epochLog),
      isSavedOff: stateConfigMap === undefined,
      pauseDeploys: () => deployQueue.pause(),
      repair: service.repair,
      rolloutTtlSeconds: settings.rolloutRetention * DAY_SECONDS,
      log: epochLog,
    }),
  });
  const jobs = openDeployJobs(deployQueue);
  const commands = createRolloutCommands({
    state,
    queue: rolloutQueue,
    jobs,
    onEnd: (ended) => metrics.rolloutsEnded.inc({ state: ended }),
  });
  return {
    policy,
    rolloutQueue,
    jobs,
    plans: createServerPlans({ service, state, queue: planQueue }),
    commands,
    healing: createHealCommands({ state }),
    rollBack: createRollBack({ state, cluster, commands, service, log: log.child({ logger: 'roll-back' }) }),
    settings,
    log,
    metrics,
    redis,
    redisHealth,
    redisAddress,
    prefix,
    client,
    cluster,
    releases,
    state,
    epoch,
    stateConfigMap,
    deployQueue,
    releaseCheckQueue,
    healQueue,
    logQueue,
    notificationQueue,
    receivers,
    service,
    telemetry,
    close: async () => {
      await cluster.stop();
      await client.close();
      policy.stop();
      epoch.stop();
      receivers.stop();
      redisHealth.stop();
      clock.stop();
      redis.disconnect();
      await telemetry.close();
    },
  };
}

async function openReleases(
  settings: Settings,
  log: Logger,
  redis: RedisConnection,
  prefix: string,
): Promise<ReleaseSource> {
  const override = await readOverride(settings.specFileOverride, log);
  const { releaseChannelMetadata, releaseChannelMetadataSpec } = settings;
  if (releaseChannelMetadata !== undefined && releaseChannelMetadataSpec !== undefined) {
    return createHardcodedSource(releaseChannelMetadata, releaseChannelMetadataSpec, override);
  }
  return createReleaseSource({
    baseUrl: settings.baseurl,
    timeoutMs: settings.releaseTimeout * 1000,
    override,
    egress: createEgressPolicy({
      baseUrl: settings.baseurl,
      allowedHosts: settings.releaseAllowedHosts,
      ca: await readCa(settings.releaseCaFile, '--release-ca-file'),
      httpProxy: settings.httpProxy,
      httpsProxy: settings.httpsProxy,
      noProxy: settings.noProxy,
    }),
    store: redisChannelStore(redis, prefix),
    log: log.child({ logger: 'releases' }),
  });
}
