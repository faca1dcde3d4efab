import type { Job } from 'bullmq';
import type { Logger } from 'pino';
import { reasonToUpdate } from '../domain/deploy/reason-to-update.ts';
import type { NamespaceRecord } from '../domain/rollout/namespace-record.ts';
import type { DeployService } from '../shared/deploy-service.ts';
import type { ClusterCache } from '../shared/kubernetes/cluster-cache.ts';
import type { Metrics } from '../shared/metrics.ts';
import type { Channel, ReleaseSource } from '../shared/releases/release-source.ts';
import type { ChannelSnapshots } from '../shared/state/channel-snapshots.ts';
import type { Records } from '../shared/state/records.ts';
import { releaseKey } from '../shared/state/stored-release.ts';
import { toChannelSnapshot } from '../shared/to-channel-snapshot.ts';

export interface ReleaseCheckDependencies {
  readonly cluster: ClusterCache;
  readonly releases: ReleaseSource;
  readonly state: Pick<Records, 'records' | 'keepReleases'> & Pick<ChannelSnapshots, 'saveChannels'>;
  readonly service: DeployService;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly autoupdate: boolean;
}

export interface ReleaseCheckResult {
  readonly channels: readonly {
    readonly channel: string;
    readonly version?: string;
    readonly problem?: string;
  }[];
  readonly namespaces: number;
  readonly outdated: number;
  /** The rollout that was begun for those outdated. */
  readonly rolloutId?: string;
  readonly repaired: number;
}

/** Reads every channel in use, once, and requests a deploy of the outdated namespaces. */
export async function checkReleases(
  job: Job,
  dependencies: ReleaseCheckDependencies,
): Promise<ReleaseCheckResult> {
  const { cluster, releases, state, service, metrics, log } = dependencies;
  const repaired = await service.repair();
  const namespaces = cluster.namespaces();
  const channels = await releases.resolve(tagsOf(cluster, namespaces));
  await state.saveChannels([...channels.values()].map(toChannelSnapshot));
  const records = await state.records(namespaces);
  await state.keepReleases([...records.values()].map(({ release }) => release));
  const outdated = namespaces.filter((namespace) =>
    needsUpdate(namespace, cluster, channels, records.get(namespace)),
  );
  const summary = {
    channels: [...channels.values()].map(summarise),
    namespaces: namespaces.length,
    repaired,
  };
  const problems = summary.channels.filter((channel) => channel.problem !== undefined).length;
  metrics.releaseChecks.inc({ result: problems > 0 ? 'problem' : 'ok' });
  await job.log(`${namespaces.length} namespaces, ${outdated.length} outdated`);
  if (outdated.length === 0 || !dependencies.autoupdate) return { ...summary, outdated: outdated.length };
  const { rollout } = await service.request({
    namespaces: outdated,
    forceBootstrap: false,
    trigger: 'release',
    requestedBy: 'release-check',
    channels,
  });
  log.info({ rollout: rollout.id, outdated: outdated.length }, 'namespaces are outdated');
  return { ...summary, outdated: outdated.length, rolloutId: rollout.id };
}

function tagsOf(cluster: ClusterCache, namespaces: readonly string[]): string[] {
  return namespaces.flatMap((namespace) => {
    const { config } = cluster.snapshot(namespace);
    return config?.ok ? [config.value.tag] : [];
  });
}

function needsUpdate(
  namespace: string,
  cluster: ClusterCache,
  channels: ReadonlyMap<string, Channel>,
  record: NamespaceRecord | undefined,
): boolean {
  const snapshot = cluster.snapshot(namespace);
  const release = snapshot.config?.ok ? channels.get(snapshot.config.value.tag)?.release : undefined;
  if (!release) return false;
  const earlier = record && {
    unfinished: record.generation > record.handled,
    lastRelease: record.handledRelease,
    lastFailed: record.lastState === 'failed',
    failures: record.failures,
    finishedAt: record.finishedAt,
  };
  return reasonToUpdate(snapshot, release, releaseKey(release), earlier, Date.now()) !== undefined;
}

function summarise({ tag, release, problem }: Channel) {
  return {
    channel: tag,
    ...(release === undefined ? {} : { version: release.version }),
    ...(problem === undefined ? {} : { problem: problem.message }),
  };
}
