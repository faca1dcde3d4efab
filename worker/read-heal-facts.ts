import { setImmediate } from 'node:timers/promises';
import type { NamespaceSnapshot } from '../domain/cluster/observed.ts';
import { releaseIn } from '../domain/deploy/application.ts';
import { currentRecords } from '../domain/deploy/current-record.ts';
import type { NamespaceFacts } from '../domain/heal/assess-namespace.ts';
import { findRules } from '../domain/heal/find-rules.ts';
import { hasQuotas, healCause, isQuotaMatter } from '../domain/heal/heal-cause.ts';
import type { NamespaceHealing } from '../domain/heal/healing.ts';
import { healingClosure } from '../domain/heal/healing-closure.ts';
import type { Finding } from '../domain/heal/rule.ts';
import type { RuleTimings } from '../domain/heal/rule-input.ts';
import { type Hearing, whyDoubtful } from '../domain/heal/why-doubtful.ts';
import { whyForbidden } from '../domain/heal/why-forbidden.ts';
import type { Release } from '../domain/release/release.ts';
import type { Hold } from '../domain/rollout/hold.ts';
import { isUnfinished } from '../domain/rollout/is-unfinished.ts';
import type { NamespaceRecord } from '../domain/rollout/namespace-record.ts';
import { isOpen } from '../domain/rollout/rollout.ts';
import type { RolloutPolicy } from '../domain/rollout/rollout-policy.ts';
import type { ClusterCache } from '../shared/kubernetes/cluster-cache.ts';
import type { BegunWatch } from '../shared/kubernetes/watch-begun.ts';
import { readReleases } from '../shared/read-releases.ts';
import type { RolloutPolicySource } from '../shared/rollout-policy-file.ts';
import type { ChannelSnapshot, ChannelSnapshots } from '../shared/state/channel-snapshots.ts';
import type { Holds } from '../shared/state/holds.ts';
import type { Records } from '../shared/state/records.ts';
import type { KnownRollout, RolloutControl } from '../shared/state/rollout-control.ts';
import { readOpenRollouts } from './read-open-rollouts.ts';

export interface HealFactsDependencies {
  readonly cluster: Pick<ClusterCache, 'namespaces' | 'snapshot'>;
  readonly state: Pick<Records, 'records' | 'release'> &
    Pick<RolloutControl, 'openRollouts' | 'knownRollout' | 'now'> &
    Pick<Holds, 'holds'> &
    Pick<ChannelSnapshots, 'channels'>;
  readonly policy: Pick<RolloutPolicySource, 'current'>;
  /** Undefined if nobody checks. */
  readonly begun?: Pick<BegunWatch, 'isKnown' | 'unbegunIn'> | undefined;
  /** The limits of a namespace's quotas, as text. */
  readonly readQuotas: (namespace: string) => Promise<string>;
  readonly timings: RuleTimings;
}

/** A worker has other work in between: it renews its leases. */
const JUDGED_AT_ONCE = 500;

/** What holds in the namespaces that are sick, and in those that were. */
export async function readHealFacts(
  before: ReadonlyMap<string, NamespaceHealing>,
  dependencies: HealFactsDependencies,
): Promise<ReadonlyMap<string, NamespaceFacts>> {
  const { cluster, state } = dependencies;
  const names = cluster.namespaces();
  const records = currentRecords(await state.records(names), cluster.snapshot);
  const keys = [...records.values()].flatMap(({ release, handledRelease = '' }) => [release, handledRelease]);
  const releases = await readReleases(state, keys.filter(Boolean));
  const now = state.now();
  const found: [string, readonly Finding[]][] = [];
  for (const [index, namespace] of names.entries()) {
    if (index % JUDGED_AT_ONCE === 0) await setImmediate();
    const findings = findIn(
      { namespace, record: records.get(namespace), before: before.get(namespace), releases, now },
      dependencies,
    );
    if (findings.length > 0 || before.has(namespace)) found.push([namespace, findings]);
  }
  const world = found.length === 0 ? undefined : await readWorld(dependencies, records, releases);
  const facts = found.map(async ([namespace, findings]): Promise<[string, NamespaceFacts]> => {
    const known = { namespace, findings, before: before.get(namespace), world: world ?? EMPTY };
    return [namespace, await toFacts(known, dependencies)];
  });
  return new Map(await Promise.all(facts));
}

interface Seen {
  readonly namespace: string;
  readonly record: NamespaceRecord | undefined;
  readonly before: NamespaceHealing | undefined;
  readonly releases: ReadonlyMap<string, Release>;
  readonly now: number;
}

function findIn(
  { namespace, record, before, releases, now }: Seen,
  { cluster, begun, timings }: HealFactsDependencies,
): readonly Finding[] {
  return findRules({
    snapshot: cluster.snapshot(namespace),
    record,
    deployed: releases.get(record?.handledRelease ?? ''),
    unbegun: begun?.unbegunIn(namespace),
    isBegunKnown: begun?.isKnown(),
    before: before?.findings ?? [],
    timings,
    now,
  });
}

/** What decides about all sick namespaces. */
interface World {
  readonly records: ReadonlyMap<string, NamespaceRecord>;
  readonly releases: ReadonlyMap<string, Release>;
  readonly holds: ReadonlyMap<string, Hold>;
  readonly channels: ReadonlyMap<string, ChannelSnapshot>;
  readonly rollouts: readonly KnownRollout[];
  readonly policy: RolloutPolicy;
}

const EMPTY: World = {
  records: new Map(),
  releases: new Map(),
  holds: new Map(),
  channels: new Map(),
  rollouts: [],
  policy: {},
};

async function readWorld(
  { state, policy }: HealFactsDependencies,
  records: World['records'],
  releases: World['releases'],
): Promise<World> {
  const rollouts = await readOpenRollouts(state);
  const [holds, channels] = await Promise.all([state.holds(), state.channels()]);
  return { records, releases, holds, channels, rollouts, policy: policy.current() };
}

interface Known {
  readonly namespace: string;
  readonly findings: readonly Finding[];
  readonly before: NamespaceHealing | undefined;
  readonly world: World;
}

async function toFacts(known: Known, dependencies: HealFactsDependencies): Promise<NamespaceFacts> {
  const { namespace, findings, before, world } = known;
  const snapshot = dependencies.cluster.snapshot(namespace);
  const record = world.records.get(namespace);
  const { pods, deployment, config, application } = snapshot;
  // A repair changes no release: what another Skipper has deployed is deployed again.
  const release = world.releases.get(record?.release ?? '') ?? (application && releaseIn(application));
  return {
    findings,
    before,
    forbidden: whyForbidden({
      snapshot,
      record,
      version: release?.version,
      released: config?.ok ? world.channels.get(config.value.tag) : undefined,
      hold: world.holds.get(namespace),
      closure: healingClosure(snapshot, world.policy, dependencies.state.now()),
    }),
    release,
    busy: whyBusy(namespace, record, world.rollouts),
    deployFailedAt: failedDeployOf(record),
    cause: await causeIn(known, snapshot, dependencies),
    pods: pods.filter(({ deleting }) => !deleting).map(({ name }) => name),
    isAvailable: (deployment?.availableReplicas ?? 0) > 0,
    doubt: whyDoubtful(known, hearingIn(namespace, dependencies.begun)),
  };
}

function hearingIn(namespace: string, begun: HealFactsDependencies['begun']): Hearing | undefined {
  return begun && { isKnown: begun.isKnown(), unbegun: begun.unbegunIn(namespace) };
}

/** Not of a repair: healing itself says that the namespace fails. */
function failedDeployOf(record: NamespaceRecord | undefined): number | undefined {
  return record?.lastState === 'failed' && record.trigger !== 'heal' ? record.finishedAt : undefined;
}

function whyBusy(
  namespace: string,
  record: NamespaceRecord | undefined,
  rollouts: readonly KnownRollout[],
): string | undefined {
  if (isUnfinished(record)) return `rollout ${record.rolloutId} is under way here`;
  const other = rollouts.find(({ targets, plans }) => {
    const target = targets.get(namespace);
    return target !== undefined && isOpen(target.state) && plans.has(namespace);
  });
  return other && `rollout ${other.rollout.id} has not ended here`;
}

/**
 * Quotas are read only if one can be the reason, and only for the few namespaces in which something was tried. Undefined if they
 * cannot be read.
 */
async function causeIn(
  known: Known,
  snapshot: NamespaceSnapshot,
  { readQuotas }: HealFactsDependencies,
): Promise<string | undefined> {
  const { namespace, before, world } = known;
  const record = world.records.get(namespace);
  const { quarantine } = before ?? {};
  const matters = quarantine ? hasQuotas(quarantine.cause) : canBeQuota(known);
  if (!matters) return healCause(snapshot, record, undefined);
  const quotas = await readQuotas(namespace).catch(() => undefined);
  return quotas === undefined ? undefined : healCause(snapshot, record, quotas);
}

function canBeQuota({ namespace, findings, before, world }: Known): boolean {
  if (before === undefined || before.steps.length === 0) return false;
  const { reason = '' } = world.records.get(namespace) ?? {};
  return isQuotaMatter([reason, ...findings.map(({ evidence }) => evidence)]);
}
