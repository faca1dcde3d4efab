import type { Job } from 'bullmq';
import type { Logger } from 'pino';
import { hasNewConfiguration } from '../domain/cluster/has-new-configuration.ts';
import { isAtOrAfter } from '../domain/cluster/is-at-or-after.ts';
import type { NamespaceConfigResult } from '../domain/cluster/namespace-config.ts';
import { currentRecords } from '../domain/deploy/current-record.ts';
import { type EarlierRequest, hasFailedBefore, reasonToUpdate } from '../domain/deploy/reason-to-update.ts';
import { type Holding, type OpenRollout, whatHolds } from '../domain/deploy/what-holds.ts';
import type { HealMode } from '../domain/heal/healing.ts';
import { isHealing, isLeftToHealing } from '../domain/heal/is-left-to-healing.ts';
import { publicationTime } from '../domain/release/adoption.ts';
import { isUnfinished } from '../domain/rollout/is-unfinished.ts';
import type { NamespaceRecord } from '../domain/rollout/namespace-record.ts';
import type { Trigger } from '../domain/rollout/rollout.ts';
import type { DeployService } from '../shared/deploy-service.ts';
import type { ClusterCache } from '../shared/kubernetes/cluster-cache.ts';
import type { Metrics } from '../shared/metrics.ts';
import type { Channel, ReleaseSource } from '../shared/releases/release-source.ts';
import type { RolloutPolicySource } from '../shared/rollout-policy-file.ts';
import type { ChannelPasts } from '../shared/state/channel-pasts.ts';
import type { ChannelSnapshots } from '../shared/state/channel-snapshots.ts';
import type { FoundReleases } from '../shared/state/found-releases.ts';
import type { HealingRecords } from '../shared/state/healing.ts';
import type { Holds } from '../shared/state/holds.ts';
import type { LastReleaseCheck } from '../shared/state/last-release-check.ts';
import type { Publications } from '../shared/state/publications.ts';
import type { Records } from '../shared/state/records.ts';
import type { KnownRollout, RolloutControl } from '../shared/state/rollout-control.ts';
import { releaseKey } from '../shared/state/stored-release.ts';
import { toChannelSnapshot } from '../shared/to-channel-snapshot.ts';
import { type BackwardChannels, followChannels } from './follow-channels.ts';
import { type Joining, joinRollout } from './join-rollout.ts';
import { noteFoundReleases } from './note-found-releases.ts';
import { readOpenRollouts } from './read-open-rollouts.ts';

export interface ReleaseCheckDependencies {
  readonly cluster: ClusterCache;
  readonly releases: ReleaseSource;
  readonly state: Pick<Records, 'records' | 'keepReleases'> &
    Pick<RolloutControl, 'openRollouts' | 'knownRollout' | 'advance' | 'now'> &
    ChannelPasts &
    FoundReleases &
    Pick<Holds, 'holds' | 'ignoredReleases'> &
    Pick<ChannelSnapshots, 'saveChannels'> &
    Pick<HealingRecords, 'healing' | 'healingStatus'> &
    Pick<Publications, 'notePublications'> &
    Pick<LastReleaseCheck, 'saveReleaseCheck'>;
  readonly service: DeployService;
  readonly policy: Pick<RolloutPolicySource, 'current'>;
  /** Reads a namespace's configuration from the cluster. */
  readonly readConfig: (namespace: string) => Promise<NamespaceConfigResult | undefined>;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly autoupdate: boolean;
  readonly heal: HealMode;
  readonly intervalSeconds: number;
}

export interface ReleaseCheckResult {
  readonly channels: readonly {
    readonly channel: string;
    readonly version?: string;
    readonly problem?: string;
  }[];
  readonly namespaces: number;
  readonly outdated: number;
  /** Outdated namespaces that get nothing automatically, by the reason. */
  readonly held?: Readonly<Record<string, number>>;
  /** A rollout that an operator has to resume. */
  readonly askedRolloutId?: string;
  /** The rollouts that namespaces have joined, with their number. */
  readonly joined?: Readonly<Record<string, number>>;
  /** The rollout of a new release. */
  readonly rolloutId?: string;
  /** The rollout of namespaces in which the same release failed before. */
  readonly retryRolloutId?: string;
  readonly repaired: number;
}

/** Reads every channel in use once, requests a deploy of the outdated namespaces, and records that the check was made. */
export async function checkReleases(
  job: Job,
  dependencies: ReleaseCheckDependencies,
): Promise<ReleaseCheckResult> {
  const result = await check(job, dependencies);
  await dependencies.state.saveReleaseCheck({
    at: Date.now(),
    intervalSeconds: dependencies.intervalSeconds,
  });
  return result;
}

async function check(job: Job, dependencies: ReleaseCheckDependencies): Promise<ReleaseCheckResult> {
  const { cluster, releases, state, service, metrics } = dependencies;
  const repaired = await service.repair();
  const namespaces = cluster.namespaces();
  const channels = await releases.resolve(tagsOf(cluster, namespaces));
  await state.saveChannels([...channels.values()].map(toChannelSnapshot));
  await noteFoundReleases(channels.values(), state, Date.now());
  await state.notePublications(publicationsOf(channels.values()));
  const known = await state.records(namespaces);
  await state.keepReleases([...known.values()].map(({ release }) => release));
  const records = currentRecords(known, cluster.snapshot);
  const isLeft = await readLeft(dependencies, channels);
  const outdated = namespaces.filter(
    (namespace) =>
      needsUpdate(namespace, cluster, channels, records.get(namespace)) &&
      !isLeft(namespace, records.get(namespace)),
  );
  const summary = {
    channels: [...channels.values()].map(summarise),
    namespaces: namespaces.length,
    repaired,
  };
  const problems = summary.channels.filter((channel) => channel.problem !== undefined).length;
  metrics.releaseChecks.inc({ result: problems > 0 ? 'problem' : 'ok' });
  await job.log(`${namespaces.length} namespaces, ${outdated.length} outdated`);
  const backwards = dependencies.autoupdate ? await followChannels(channels, dependencies) : undefined;
  if (outdated.length === 0 || !backwards) return { ...summary, outdated: outdated.length };
  const current = await withoutLagging(outdated, records, dependencies);
  const isRetried = (namespace: string) => isRetry(namespace, cluster, channels, records.get(namespace));
  const holding = await readHolding(dependencies);
  const world = { holding, cluster, channels, reasons: backwards.reasons, isRetried };
  const divided = divide(current, world);
  const { held } = divided;
  const { joined, left } = await join(divided.joining, world, dependencies);
  const free = [...divided.free, ...left];
  const rollouts = {
    ...(await begin(dependencies, channels, {
      key: 'rolloutId',
      trigger: 'release',
      namespaces: free.filter((namespace) => !isRetried(namespace)),
    })),
    ...(await begin(dependencies, channels, {
      key: 'retryRolloutId',
      trigger: 'retry',
      namespaces: free.filter(isRetried),
    })),
    ...(await ask(divided.asked, world, { ...dependencies, backwards })),
  };
  for (const [reason, count] of Object.entries(held)) await job.log(`${count} not deployed: ${reason}`);
  return {
    ...summary,
    outdated: outdated.length,
    ...(Object.keys(held).length > 0 && { held }),
    ...(Object.keys(joined).length > 0 && { joined }),
    ...rollouts,
  };
}

/** The namespaces that healing repairs, while it makes its passes. */
async function readLeft(
  { heal, state, cluster }: ReleaseCheckDependencies,
  channels: ReadonlyMap<string, Channel>,
): Promise<(namespace: string, record: NamespaceRecord | undefined) => boolean> {
  if (heal !== 'on' || !isHealing(heal, await state.healingStatus(), state.now())) return () => false;
  const healing = await state.healing();
  return (namespace, record) => {
    const snapshot = cluster.snapshot(namespace);
    const release = snapshot.config?.ok ? channels.get(snapshot.config.value.tag)?.release : undefined;
    if (!release) return false;
    return isLeftToHealing({
      healing: healing.get(namespace),
      record,
      release: releaseKey(release),
      isReconfigured: hasNewConfiguration(snapshot),
    });
  };
}

async function readHolding({
  state,
  cluster,
}: Pick<ReleaseCheckDependencies, 'state' | 'cluster'>): Promise<Holding> {
  const rollouts = (await readOpenRollouts(state)).map(toOpenRollout);
  // Afterwards: a rollout that is cancelled meanwhile leaves an ignored release, and a rollback leaves holds.
  const [holds, ignored] = await Promise.all([state.holds(), state.ignoredReleases()]);
  const annotations = (namespace: string) => {
    const { config } = cluster.snapshot(namespace);
    return config?.ok ? config.value.rollout : undefined;
  };
  return { holds, ignored, rollouts, annotations };
}

function toOpenRollout({ rollout, status, targets, plans }: KnownRollout): OpenRollout {
  const isJoinable = rollout.trigger === 'release' && rollout.strategy?.type === 'Progressive';
  return {
    id: rollout.id,
    state: status.state,
    newerRelease: rollout.newerRelease ?? 'replace',
    joinable: isJoinable ? new Set([...plans.values()].map(({ release }) => release)) : new Set(),
    target: (namespace) => {
      const target = targets.get(namespace);
      const plan = plans.get(namespace);
      if (!target || !plan) return undefined;
      return { state: target.state, release: plan.release };
    },
  };
}

/** What decides about an outdated namespace. */
interface World {
  readonly holding: Holding;
  readonly cluster: ClusterCache;
  readonly channels: ReadonlyMap<string, Channel>;
  /** Why a channel waits for an operator, by channel. */
  readonly reasons: ReadonlyMap<string, string>;
  /** True if the same release has failed there: a retry joins no rollout of others. */
  readonly isRetried: (namespace: string) => boolean;
}

interface Divided {
  readonly free: readonly string[];
  /** The namespaces of each rollout that an operator has to resume, by the reason. */
  readonly asked: ReadonlyMap<string, readonly string[]>;
  /** The namespaces that join a rollout, by its id. */
  readonly joining: ReadonlyMap<string, readonly string[]>;
  /** How many namespaces, by the reason. */
  readonly held: Readonly<Record<string, number>>;
}

function divide(namespaces: readonly string[], world: World): Divided {
  const free: string[] = [];
  const asked = new Map<string, string[]>();
  const joining = new Map<string, string[]>();
  const held: Record<string, number> = {};
  for (const namespace of namespaces) {
    const wanted = wantedOf(namespace, world);
    if (!wanted) continue;
    const { release, channel } = wanted;
    const why = whatHolds(namespace, { key: releaseKey(release), version: release.version }, world.holding);
    const backwards = world.reasons.get(channel);
    if (why?.kind === 'held') held[why.reason] = (held[why.reason] ?? 0) + 1;
    else if (why?.kind === 'ask') addTo(asked, why.reason, namespace);
    else if (why?.kind === 'join' && !world.isRetried(namespace)) addTo(joining, why.rolloutId, namespace);
    else if (backwards !== undefined) addTo(asked, backwards, namespace);
    else free.push(namespace);
  }
  return { free, asked, joining, held };
}

function wantedOf(namespace: string, { cluster, channels }: World): Joining | undefined {
  const { config } = cluster.snapshot(namespace);
  if (!config?.ok) return undefined;
  const { tag, resourceVersion } = config.value;
  const release = channels.get(tag)?.release;
  return release && { namespace, release, channel: tag, configVersion: resourceVersion };
}

function addTo(groups: Map<string, string[]>, key: string, namespace: string): void {
  groups.set(key, [...(groups.get(key) ?? []), namespace]);
}

/** `left`: the rollout has ended meanwhile, so they need one of their own. */
async function join(
  joining: Divided['joining'],
  world: World,
  { state, log }: Pick<ReleaseCheckDependencies, 'state' | 'log'>,
): Promise<{ readonly joined: Record<string, number>; readonly left: readonly string[] }> {
  const joined: Record<string, number> = {};
  const left: string[] = [];
  for (const [id, namespaces] of joining) {
    const targets = namespaces.flatMap((namespace) => wantedOf(namespace, world) ?? []);
    if (await joinRollout(id, targets, state)) {
      joined[id] = namespaces.length;
      log.info({ rollout: id, namespaces: namespaces.length }, 'namespaces joined the rollout');
    } else left.push(...namespaces);
  }
  return { joined, left };
}

/** Creates a paused rollout for each reason. It has the namespaces then, so nobody is asked twice. */
async function ask(
  asked: Divided['asked'],
  { channels, reasons }: World,
  dependencies: Pick<ReleaseCheckDependencies, 'service' | 'log'> & { readonly backwards: BackwardChannels },
): Promise<Pick<ReleaseCheckResult, 'askedRolloutId'>> {
  const tagOf = new Map([...reasons].map(([tag, reason]) => [reason, tag]));
  let first: Pick<ReleaseCheckResult, 'askedRolloutId'> = {};
  for (const [pausedBecause, namespaces] of asked) {
    const key = 'askedRolloutId';
    const begun = await begin(dependencies, channels, { key, trigger: 'release', namespaces, pausedBecause });
    const tag = tagOf.get(pausedBecause);
    if (tag && begun.askedRolloutId) await dependencies.backwards.noteAsked(tag, begun.askedRolloutId);
    first = { ...begun, ...first };
  }
  return first;
}

/** After a restored backup, all namespaces can need one. */
const MAX_READS = 100;

/**
 * Leaves out a namespace whose ConfigMap the watch shows in an older version than its last request was decided from: its
 * tag would be an old one. It is left to the next check. After a restored backup, versions count from an older one: then
 * the cluster has what the watch shows.
 */
async function withoutLagging(
  namespaces: readonly string[],
  records: ReadonlyMap<string, NamespaceRecord>,
  { cluster, readConfig }: Pick<ReleaseCheckDependencies, 'cluster' | 'readConfig'>,
): Promise<string[]> {
  const seen = (namespace: string) => versionOf(cluster.snapshot(namespace).config);
  const isBehind = (namespace: string) =>
    isAtOrAfter(seen(namespace), records.get(namespace)?.configVersion ?? '') === false;
  const behind = namespaces.filter(isBehind);
  const read = await Promise.all(
    behind.slice(0, MAX_READS).map(async (namespace) => {
      const config = await readConfig(namespace).catch(() => undefined);
      return { namespace, version: versionOf(config) };
    }),
  );
  const confirmed = new Set(
    read.filter(({ namespace, version }) => version === seen(namespace)).map(({ namespace }) => namespace),
  );
  const lagging = new Set(behind.filter((namespace) => !confirmed.has(namespace)));
  return namespaces.filter((namespace) => !lagging.has(namespace));
}

function versionOf(config: NamespaceConfigResult | undefined): string | undefined {
  return config?.ok ? config.value.resourceVersion : undefined;
}

interface NewRollout {
  readonly key: 'rolloutId' | 'retryRolloutId' | 'askedRolloutId';
  readonly trigger: Trigger;
  readonly namespaces: readonly string[];
  readonly pausedBecause?: string | undefined;
}

/** Requests nothing for an empty list, which the service would refuse. */
async function begin(
  { service, log }: Pick<ReleaseCheckDependencies, 'service' | 'log'>,
  channels: ReadonlyMap<string, Channel>,
  { key, trigger, namespaces, pausedBecause }: NewRollout,
): Promise<Partial<Pick<ReleaseCheckResult, NewRollout['key']>>> {
  if (namespaces.length === 0) return {};
  const { rollout } = await service.request({
    namespaces,
    forceBootstrap: false,
    trigger,
    requestedBy: 'release-check',
    channels,
    pausedBecause,
  });
  log.info({ rollout: rollout.id, trigger, outdated: namespaces.length }, 'namespaces are outdated');
  return { [key]: rollout.id };
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
  const earlier = record && toEarlier(record);
  return reasonToUpdate(snapshot, release, releaseKey(release), earlier, Date.now()) !== undefined;
}

function isRetry(
  namespace: string,
  cluster: ClusterCache,
  channels: ReadonlyMap<string, Channel>,
  record: NamespaceRecord | undefined,
): boolean {
  const { config } = cluster.snapshot(namespace);
  const release = config?.ok ? channels.get(config.value.tag)?.release : undefined;
  if (!release || !record) return false;
  return hasFailedBefore(toEarlier(record), releaseKey(release));
}

function toEarlier(record: NamespaceRecord): EarlierRequest {
  return {
    unfinished: isUnfinished(record),
    lastRelease: record.handledRelease,
    lastFailed: record.lastState === 'failed',
    failures: record.failures,
    finishedAt: record.finishedAt,
  };
}

function summarise({ tag, release, problem }: Channel) {
  return {
    channel: tag,
    ...(release === undefined ? {} : { version: release.version }),
    ...(problem === undefined ? {} : { problem: problem.message }),
  };
}

function publicationsOf(channels: Iterable<Channel>): Map<string, number> {
  const now = Date.now();
  return new Map(
    [...channels].flatMap(({ release, updated }): [string, number][] =>
      release ? [[releaseKey(release), publicationTime(updated, now)]] : [],
    ),
  );
}
