import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiClient, createApiClient } from '../../client/api-client.ts';
import { ConfigurationError } from '../../shared/config.ts';
import { type ChannelServer, startChannelServer } from '../channel-server.ts';
import type { Closers } from './closers.ts';
import type { DemoCluster } from './demo-cluster.ts';
import type { DemoOptions } from './demo-options.ts';
import { demoPolicy } from './demo-policy.ts';
import { type DemoRedis, openRedis } from './demo-redis.ts';
import { fillCluster, hasInstantFdds } from './fill-cluster.ts';
import { PROMPT_DELAYS, WATCHABLE_DELAYS } from './fleet-delays.ts';
import { postGuardian } from './guardian.ts';
import { type DemoNamespace, planFleet } from './plan-fleet.ts';
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
  readonly client: ApiClient;
}

export interface StartDemoOptions {
  readonly options: DemoOptions;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly closers: Closers;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

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
  const { kubeconfigPath, stateConfigMap } = cluster;
  const policyPath = join(directory, 'rollout-policy.yaml');
  await writeFile(policyPath, demoPolicy(fleet, options.once));
  const known = { options, env, redis, closers, guardian, kubeconfigPath, stateConfigMap, policyPath };
  const startThem = () => startSkippers({ ...known, channelUrl: channels.url });
  say('starting one skipper api and two skipper workers');
  // With auto-update they would bootstrap what is only just being filled in.
  const early = options.once ? startThem() : undefined;
  // Its failure is thrown where it is awaited.
  early?.catch(() => undefined);
  say(
    `filling the cluster: ${fleet.length} namespaces, each with its ConfigMap and, mostly, an outdated FDD`,
  );
  const delays = options.once ? PROMPT_DELAYS : WATCHABLE_DELAYS;
  await fillCluster({ cluster, fleet, delays, closers, signal });
  signal.throwIfAborted();
  const skippers = await (early ?? startThem());
  const client = createApiClient({ server: skippers.url });
  return { fleet, cluster, channels, redis, skippers, client };
}

function openCluster(
  { options, say }: StartDemoOptions,
  directory: string,
  fleet: readonly DemoNamespace[],
): Promise<DemoCluster> {
  if (options.kubeconfig === undefined) return startSimulatedCluster({ directory });
  if (hasInstantFdds(fleet.length))
    throw new ConfigurationError(
      'a real cluster takes at most 1000 namespaces: their FDDs are faithful there',
    );
  return openRealCluster({ kubeconfigPath: options.kubeconfig, fleet, say });
}
