import isEqual from 'fast-deep-equal';
import type { Logger } from 'pino';
import { SkipperError } from '../domain/errors.ts';
import type { NamespaceFacts } from '../domain/heal/assess-namespace.ts';
import { decideHealing, type HealDecision } from '../domain/heal/decide-healing.ts';
import { describeRepairs } from '../domain/heal/describe-repairs.ts';
import { noteFleetCauses } from '../domain/heal/fleet-causes.ts';
import { fleetWideStatus } from '../domain/heal/fleet-wide-status.ts';
import type { HealSettings } from '../domain/heal/heal-settings.ts';
import {
  isUnrequested,
  repairOf,
  STALE_DECISION_MS,
  withResult,
  withRollout,
} from '../domain/heal/heal-steps.ts';
import type { HealingStatus, NamespaceHealing } from '../domain/heal/healing.ts';
import { keepWhileOff } from '../domain/heal/keep-while-off.ts';
import type { Finding } from '../domain/heal/rule.ts';
import { sightOf, type WatchHealth } from '../domain/heal/sight-of.ts';
import { statusWithoutPass } from '../domain/heal/status-without-pass.ts';
import type { Release } from '../domain/release/release.ts';
import type { Means, Repair } from '../domain/rollout/repair.ts';
import type { AcceptedRollout, DeployService } from '../shared/deploy-service.ts';
import { nameSome } from '../shared/name-some.ts';
import type { HealingRecords } from '../shared/state/healing.ts';
import type { Rollouts } from '../shared/state/rollouts.ts';
import { type HealFactsDependencies, readHealFacts } from './read-heal-facts.ts';

export interface HealDependencies extends HealFactsDependencies {
  readonly cluster: HealFactsDependencies['cluster'] & { watches(): readonly WatchHealth[] };
  readonly state: HealFactsDependencies['state'] &
    Pick<HealingRecords, 'healing' | 'healingStatus' | 'healingRevision' | 'saveHealing' | 'rolloutOfKey'> &
    Pick<Rollouts, 'rollout'>;
  readonly service: Pick<DeployService, 'request'>;
  readonly settings: HealSettings;
  /** What the rebuild of a lost Redis waits for; undefined while the state is whole. */
  readonly rebuilds: () => string | undefined;
  /** Called once for each step that was requested. */
  readonly onStep?: (means: Means) => void;
  readonly log: Logger;
}

/** What a pass has done; kept with its job. */
export interface HealResult {
  readonly skipped?: string;
  readonly sick?: number;
  readonly steps?: number;
  readonly rolloutIds?: readonly string[];
}

type Healing = ReadonlyMap<string, NamespaceHealing>;

/**
 * One pass over the fleet: finds what is not well, decides, stores the decision, and requests what was decided. A worker can die
 * between any two of these: the next pass requests what was decided and not requested, with the same Idempotency-Key, or gives it up.
 */
export async function healFleet(dependencies: HealDependencies): Promise<HealResult> {
  const { state, settings } = dependencies;
  const rebuild = dependencies.rebuilds();
  if (rebuild !== undefined) return { skipped: rebuild };
  const sight = sightOf(dependencies.cluster.watches());
  if (sight.kind === 'blind') return { skipped: sight.reason };
  const revision = await state.healingRevision();
  const [stored, status] = await Promise.all([state.healing(), state.healingStatus()]);
  const known = { revision, stored, status };
  if (settings.mode === 'off') return switchOff(known, dependencies);
  if (sight.kind === 'fleet-wide') return storeFleetWide(sight.findings, known, dependencies);
  const before = await settleSteps(stored, dependencies);
  const facts = await readHealFacts(before, dependencies);
  const now = passTime(status, dependencies);
  const decision = decideHealing({
    namespaces: facts,
    fleet: dependencies.cluster.namespaces().length,
    status,
    settings,
    isDeafKnown: dependencies.begun?.isKnown() ?? false,
    now,
  });
  const saved = await state.saveHealing({
    revision,
    ...changesOf(stored, decision),
    ...published(decision),
  });
  if (saved === 'stale') return OVERTAKEN;
  const rolloutIds = await requestSteps(decision.healing, { revision: saved, facts }, dependencies);
  return { sick: decision.status.sick, steps: decision.actions.size, rolloutIds };
}

const OVERTAKEN: HealResult = { skipped: 'another pass, or a command, came first' };

/** Later than that of the pass before. */
function passTime(status: HealingStatus | undefined, { state }: HealDependencies): number {
  return Math.max(state.now(), (status?.checkedAt ?? 0) + 1);
}

/** As it was before a pass. */
interface Known {
  readonly revision: number;
  readonly stored: Healing;
  readonly status: HealingStatus | undefined;
}

/** Only the causes in the whole fleet are known. What is known about the namespaces stays as it is, until they can be judged. */
async function storeFleetWide(
  findings: readonly Finding[],
  { revision, status }: Known,
  dependencies: HealDependencies,
): Promise<HealResult> {
  const { cluster, settings, state } = dependencies;
  const fleet = cluster.namespaces().length;
  const pass = { findings, settings, now: passTime(status, dependencies) };
  const { fleetCauses, audit } = noteFleetCauses({ ...pass, before: status?.fleetCauses });
  const now: HealingStatus = { ...fleetWideStatus({ ...pass, fleet, before: status }), fleetCauses };
  const saved = await state.saveHealing({ revision, healing: new Map(), status: now, audit });
  return saved === 'stale' ? OVERTAKEN : { sick: fleet, steps: 0 };
}

async function switchOff(
  { revision, stored, status }: Known,
  { state, cluster, settings }: HealDependencies,
): Promise<HealResult> {
  const now = state.now();
  const kept = new Map(
    [...stored].flatMap(([namespace, each]): [string, NamespaceHealing][] => {
      const rest = keepWhileOff(each, now);
      return rest ? [[namespace, rest]] : [];
    }),
  );
  const removed = [...stored.keys()].filter((namespace) => !kept.has(namespace));
  if (status?.mode === 'off' && removed.length === 0) return { skipped: 'healing is off' };
  const off: HealingStatus = {
    ...statusWithoutPass(now, {
      intervalSeconds: settings.intervalSeconds,
      fleet: cluster.namespaces().length,
    }),
    ...(status?.stopped && { stopped: status.stopped }),
    ...(status?.fleetCauses && { fleetCauses: status.fleetCauses }),
  };
  await state.saveHealing({ revision, healing: kept, removed, status: off });
  return { skipped: 'healing is off' };
}

/** Notes how the steps ended that were under way. */
async function settleSteps(stored: Healing, dependencies: HealDependencies): Promise<Healing> {
  const requested = await findRollouts(stored, dependencies);
  const ids = [...requested.values()].flatMap(({ steps }) =>
    steps.flatMap(({ rolloutId, endedAt }) => (rolloutId && endedAt === undefined ? [rolloutId] : [])),
  );
  let settled = requested;
  for (const id of new Set(ids)) {
    const targets = (await dependencies.state.rollout(id))?.targets;
    settled = mapHealing(settled, (healing, namespace) =>
      withResult(healing, id, targets?.get(namespace), dependencies.state.now()),
    );
  }
  return settled;
}

/** The rollouts of steps whose worker died after it had requested them; others are requested later, or given up. */
async function findRollouts(stored: Healing, { state }: HealDependencies): Promise<Healing> {
  let found = stored;
  for (const at of unrequestedTimes(stored)) {
    const id = await state.rolloutOfKey(keyOf(at));
    if (id !== undefined) found = mapHealing(found, (healing) => withRollout(healing, at, id));
  }
  return found;
}

function unrequestedTimes(healing: Healing): ReadonlySet<number> {
  return new Set(
    [...healing.values()].flatMap(({ steps }) => steps.filter(isUnrequested).map(({ at }) => at)),
  );
}

/** All steps of a pass have one rollout: a request that is repeated makes no other one. */
function keyOf(at: number): string {
  return `heal-${at}`;
}

function mapHealing(
  healing: Healing,
  change: (healing: NamespaceHealing, namespace: string) => NamespaceHealing,
): Healing {
  return new Map([...healing].map(([namespace, each]) => [namespace, change(each, namespace)]));
}

function changesOf(
  stored: Healing,
  { healing }: HealDecision,
): { readonly healing: Healing; readonly removed: readonly string[] } {
  const changed = [...healing].filter(([namespace, each]) => !isEqual(plain(each), stored.get(namespace)));
  // Nothing is decided about a namespace that has disappeared.
  const removed = [...stored.keys()].filter((namespace) => !healing.has(namespace));
  return { healing: new Map(changed), removed };
}

/** As it is read again: without properties that are undefined. */
function plain(healing: NamespaceHealing): unknown {
  return JSON.parse(JSON.stringify(healing));
}

function published({ status, audit }: HealDecision): Pick<HealDecision, 'status' | 'audit'> {
  return { status, audit };
}

interface Decided {
  /** Of what was just stored. */
  readonly revision: number;
  readonly facts: ReadonlyMap<string, NamespaceFacts>;
}

/** Requests every step that has no rollout, and notes its rollout; what cannot be noted is found by the next pass. */
async function requestSteps(
  healing: Healing,
  decided: Decided,
  dependencies: HealDependencies,
): Promise<string[]> {
  const ids: string[] = [];
  let { revision } = decided;
  for (const at of [...unrequestedTimes(healing)].sort((a, b) => a - b)) {
    // This process was suspended: by now, another one has given the step up.
    if (dependencies.state.now() - at > STALE_DECISION_MS) continue;
    const those = new Map(
      [...healing].filter(([, { steps }]) => steps.some((step) => isUnrequested(step) && step.at === at)),
    );
    const id = await requestRollout(
      { at, repairs: repairsOf(those, decided.facts), facts: decided.facts, revision },
      dependencies,
    );
    if (id === undefined) return ids;
    ids.push(id);
    const noted = mapHealing(those, (each) => withRollout(each, at, id));
    const saved = await dependencies.state.saveHealing({ revision, healing: noted });
    if (saved !== 'stale') revision = saved;
  }
  return ids;
}

function repairsOf(
  healing: Healing,
  facts: ReadonlyMap<string, NamespaceFacts>,
): ReadonlyMap<string, Repair> {
  return new Map(
    [...healing].flatMap(([namespace, each]): [string, Repair][] => {
      const repair = repairOf(each, facts.get(namespace)?.pods ?? []);
      return repair ? [[namespace, repair]] : [];
    }),
  );
}

interface RepairRequest extends Decided {
  /** When the steps were decided. */
  readonly at: number;
  readonly repairs: ReadonlyMap<string, Repair>;
}

/** Undefined if another pass, or a command, came between the decision and this: the next pass decides again. */
async function requestRollout(
  { at, repairs, facts, revision }: RepairRequest,
  { service, onStep, log }: HealDependencies,
): Promise<string | undefined> {
  const key = keyOf(at);
  const namespaces = [...repairs.keys()];
  const accepted = await unlessStale(
    service.request({
      namespaces,
      forceBootstrap: false,
      trigger: 'heal',
      requestedBy: 'skipper',
      reason: describeRepairs(repairs.values()),
      sameRelease: true,
      releases: releasesOf(namespaces, facts),
      repairs,
      healingRevision: revision,
      idempotency: { key, fingerprint: key },
    }),
  );
  if (!accepted) return undefined;
  const { rollout, replayed } = accepted;
  if (replayed) return rollout.id;
  for (const { means } of repairs.values()) onStep?.(means);
  log.warn({ rollout: rollout.id, namespaces: nameSome(namespaces) }, describeRepairs(repairs.values()));
  return rollout.id;
}

async function unlessStale(request: Promise<AcceptedRollout>): Promise<AcceptedRollout | undefined> {
  return request.catch((error: unknown) => {
    if (error instanceof SkipperError && error.code === 'repair_outdated') return undefined;
    throw error;
  });
}

function releasesOf(
  namespaces: readonly string[],
  facts: ReadonlyMap<string, NamespaceFacts>,
): ReadonlyMap<string, Release> {
  return new Map(
    namespaces.flatMap((namespace): [string, Release][] => {
      const release = facts.get(namespace)?.release;
      return release ? [[namespace, release]] : [];
    }),
  );
}
