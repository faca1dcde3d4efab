import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { messageOf } from '../../domain/errors.ts';
import { ConfigurationError } from '../../shared/config.ts';
import { type ChannelServer, startChannelServer } from '../channel-server.ts';
import { type Closers, createClosers } from './closers.ts';
import { clusterConfigText } from './cluster-config.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { demoPolicy } from './demo-policy.ts';
import { fillCluster } from './fill-cluster.ts';
import { WATCHABLE_DELAYS } from './fleet-delays.ts';
import { startHealthServer } from './health-server.ts';
import { listenForTheEnd } from './listen-for-the-end.ts';
import { planFleet } from './plan-fleet.ts';
import { publishReleases } from './publish-releases.ts';
import { startSimulatedCluster } from './simulated-cluster.ts';

/** Runs the cluster until a signal ends it; resolves with the exit code when nothing of it is left. */
export async function runCluster(options: ClusterOptions, say: (line: string) => void): Promise<number> {
  const end = listenForTheEnd();
  const closers = createClosers();
  try {
    const running = start(options, { closers, say, signal: end.signal }).then((channels) =>
      publishReleases(channels, options.releaseEvery, { say, signal: end.signal }),
    );
    await Promise.race([running, end.asked]);
    // What it is starting is in `closers` only when it has started.
    await running.catch(() => undefined);
    return 0;
  } finally {
    say('ending the simulated cluster');
    await closers.closeAll().catch((error: unknown) => say(messageOf(error)));
  }
}

interface Surroundings {
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Once it is ready, the whole fleet and Skipper's config file are there. */
async function start(
  options: ClusterOptions,
  { closers, say, signal }: Surroundings & { readonly closers: Closers },
): Promise<ChannelServer> {
  const { host, advertiseHost, failRate, releaseEvery } = options;
  const directory = resolve(options.directory);
  const fleet = planFleet(options);
  let waitingFor: string | undefined = 'the cluster is still being filled';
  const health = await listening('--health-port', options.healthPort, (port) =>
    startHealthServer({ host, port, waitingFor: () => waitingFor }),
  );
  closers.add(() => health.close());
  await mkdir(directory, { recursive: true });
  const reached = advertiseHost === undefined ? {} : { advertiseHost };
  const channels = await listening('--channel-port', options.channelPort, (port) =>
    startChannelServer({ host, port, ...reached }),
  );
  closers.add(() => channels.close());
  const cluster = await listening('--port', options.port, (port) =>
    startSimulatedCluster({ directory, host, port, ...reached }),
  );
  closers.add(() => rm(cluster.kubeconfigPath, { force: true }));
  closers.add(() => cluster.close());
  say(`The cluster at ${cluster.url} is SIMULATED. Filling it: ${fleet.length} namespaces.`);
  const began = Date.now();
  await fillCluster({ cluster, fleet, delays: WATCHABLE_DELAYS, closers, signal });

  const configFile = join(directory, 'cluster_config.yaml');
  closers.add(() => rm(configFile, { force: true }));
  const rolloutPolicy = join(directory, 'rollout-policy.yaml');
  closers.add(() => rm(rolloutPolicy, { force: true }));
  await writeFile(rolloutPolicy, demoPolicy(fleet, false));
  const config = clusterConfigText({
    kubeconfig: cluster.kubeconfigPath,
    baseurl: channels.url,
    redisPrefix: `simulated-${randomBytes(4).toString('hex')}`,
    failRate,
    releaseEvery,
    stateConfigMap: cluster.stateConfigMap,
    rolloutPolicy,
  });
  await writeFile(configFile, config, { mode: 0o600 });
  waitingFor = undefined;
  say(`Filled in ${((Date.now() - began) / 1_000).toFixed(1)} s; ready: /readyz on port ${health.port}.`);
  say(`Releases at ${channels.url}. Skipper: --config-file ${configFile}`);
  return channels;
}

async function listening<T>(flag: string, port: number, open: (port: number) => Promise<T>): Promise<T> {
  try {
    return await open(port);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new ConfigurationError(`port ${port} is in use: choose another one with ${flag}`);
  }
}
