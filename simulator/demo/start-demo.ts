import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { type ChannelServer, startChannelServer } from '../channel-server.ts';
import { startSimulatedFdds } from '../fdd/start-simulated-fdds.ts';
import type { Closers } from './closers.ts';
import { type DemoApi, openDemoApi } from './demo-api.ts';
import type { DemoCluster } from './demo-cluster.ts';
import type { DemoOptions } from './demo-options.ts';
import { type DemoRedis, openRedis } from './demo-redis.ts';
import { postGuardian } from './guardian.ts';
import { type DemoNamespace, planFleet } from './plan-fleet.ts';
import { populateCluster, prepareDefinitions } from './populate-cluster.ts';
import { openRealCluster } from './real-cluster.ts';
import { startSimulatedCluster } from './simulated-cluster.ts';
import { type Skippers, startSkippers } from './start-skippers.ts';

/** Everything that runs. */
export interface Demo {
  readonly fleet: readonly DemoNamespace[];
  readonly cluster: DemoCluster;
  readonly channels: ChannelServer;
  readonly redis: DemoRedis;
  readonly skippers: Skippers;
  readonly api: DemoApi;
}

export interface StartDemoOptions {
  readonly options: DemoOptions;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly closers: Closers;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/**
 * The old FDD never lives to report SUCCESS itself: on a busy machine its second would be over before it is replaced.
 * And a container is not ready at once, or one that crashes would pass for ready for a moment.
 */
const DELAYS = { successAfterDeploymentMs: 15_000, readyMs: 20 };
/** Slow enough to be watched; a script that waits for the end does not want to watch. */
const WATCHABLE_DELAYS = { ...DELAYS, startMs: 400, readyMs: 1_500, fddStepMs: 100 };

/** Starts what Skipper needs, then Skipper; whatever has been started is in `closers`, also when this fails. */
export async function startDemo(start: StartDemoOptions): Promise<Demo> {
  const { options, env, closers, say, signal } = start;
  const fleet = planFleet(options);
  const directory = await mkdtemp(join(tmpdir(), 'skipper-demo-'));
  const guardian = postGuardian(directory);
  closers.add(() => guardian.dismiss());
  closers.add(() => rm(directory, { recursive: true, force: true }));

  const redis = await openRedis(env, directory);
  if (redis.pid !== undefined) guardian.watchOver(redis.pid);
  closers.add(() => redis.stop());
  const channels = await startChannelServer();
  closers.add(() => channels.close());

  const cluster = await openCluster(start, directory, fleet);
  closers.add(() => cluster.close());
  const { kubeconfigPath } = cluster;
  const startThem = () =>
    startSkippers({ options, env, redis, closers, guardian, kubeconfigPath, channelUrl: channels.url });
  say('starting one skipper api and two skipper workers');
  // With auto-update they would bootstrap what is only just being filled in.
  const early = options.once ? startThem() : undefined;
  // Its failure is told where it is waited for.
  early?.catch(() => undefined);
  say(
    `filling the cluster: ${fleet.length} namespaces, each with its ConfigMap and, mostly, an outdated FDD`,
  );
  await fillCluster(start, cluster, fleet);
  signal.throwIfAborted();
  const skippers = await (early ?? startThem());
  return { fleet, cluster, channels, redis, skippers, api: openDemoApi(skippers.url) };
}

function openCluster(
  { options, say }: StartDemoOptions,
  directory: string,
  fleet: readonly DemoNamespace[],
): Promise<DemoCluster> {
  if (options.kubeconfig === undefined) return startSimulatedCluster(directory);
  return openRealCluster({ kubeconfigPath: options.kubeconfig, fleet, say });
}

async function fillCluster(
  { options, closers, signal }: StartDemoOptions,
  cluster: DemoCluster,
  fleet: readonly DemoNamespace[],
): Promise<void> {
  const log = pino({ level: 'silent' });
  await prepareDefinitions(cluster.client, log, signal);
  const names = new Set(fleet.map(({ name }) => name));
  const fdds = await startSimulatedFdds({
    client: cluster.client,
    log,
    hasControllerManager: !cluster.isSimulated,
    insecureKubelet: cluster.isSimulated,
    nodeName: cluster.nodeName,
    ownsNamespace: (namespace) => names.has(namespace),
    delays: options.once ? DELAYS : WATCHABLE_DELAYS,
  });
  closers.add(() => fdds.stop());
  // Before the FDDs stop: it is their kubelet that lets the pods go.
  closers.add(() => cluster.removeNamespaces(fleet));
  await populateCluster(cluster, fdds, fleet, signal);
}
