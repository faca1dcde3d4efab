import type { Logger } from 'pino';
import type { Actor } from '../domain/audit/actor.ts';
import { holdEntries, releaseHoldEntries } from '../domain/audit/namespace-entries.ts';
import { commandEntries } from '../domain/audit/rollout-entries.ts';
import { messageOf, SkipperError } from '../domain/errors.ts';
import type { Release } from '../domain/release/release.ts';
import type { Hold } from '../domain/rollout/hold.ts';
import {
  planRollback,
  type RollbackCandidate,
  type RollbackTarget,
} from '../domain/rollout/plan-rollback.ts';
import { isOpen, type Trigger } from '../domain/rollout/rollout.ts';
import type { Strategy } from '../domain/rollout/strategy.ts';
import { BadRequestError } from './bad-request-error.ts';
import type { AcceptedRollout, DeployService } from './deploy-service.ts';
import type { ClusterCache } from './kubernetes/cluster-cache.ts';
import { nameSome } from './name-some.ts';
import { readReleases } from './read-releases.ts';
import { type Operator, type RolloutCommands, RolloutConflictError } from './rollout-commands.ts';
import { shownStateOf } from './shown-state-of.ts';
import type { Holds } from './state/holds.ts';
import type { Records } from './state/records.ts';
import type { KnownRollout, RolloutControl } from './state/rollout-control.ts';

export interface Rollback {
  /** The rollout to take back. */
  readonly id: string;
  readonly operator: Operator;
  readonly trigger: Trigger;
  /** Left out: all that the rollout has reached and that no later request has changed. */
  readonly namespaces?: readonly string[] | undefined;
  /** The version to return to; left out: of each namespace, the newest that was verified before. */
  readonly to?: string | undefined;
  /** Left out: all namespaces at once. */
  readonly strategy?: Strategy | undefined;
}

/**
 * Takes a rollout back: cancels it if it has not ended, holds its namespaces, so that no release check rolls them out
 * again, and requests their earlier releases. Throws `not_found`, BadRequestError and RolloutConflictError.
 */
export type RollBack = (rollback: Rollback) => Promise<AcceptedRollout>;

interface RollBackParts {
  readonly state: Pick<RolloutControl, 'knownRollout' | 'advance' | 'verifiedReleases'> &
    Pick<Records, 'records' | 'release'> &
    Pick<Holds, 'holds' | 'hold' | 'endHold'>;
  readonly cluster: Pick<ClusterCache, 'isSynced' | 'snapshot'>;
  readonly commands: Pick<RolloutCommands, 'cancel'>;
  readonly service: Pick<DeployService, 'request'>;
  readonly log: Logger;
}

export function createRollBack(parts: RollBackParts): RollBack {
  return async (rollback) => {
    const known = await readRollout(parts, rollback);
    // Before anything is changed: a rollback that is not possible must not cancel the rollout.
    requireReturns(known, await planTargets(parts, known, rollback));
    if (isOpen(shownStateOf(known))) await cancelFirst(parts, rollback);
    const latest = await readRollout(parts, rollback);
    const planned = requireReturns(latest, await planTargets(parts, latest, rollback));
    const accepted = await requestHeld(parts, latest, rollback, planned);
    await noteRollback(parts, rollback, accepted);
    return accepted;
  };
}

async function readRollout({ state, cluster }: RollBackParts, { id, namespaces = [] }: Rollback) {
  if (!cluster.isSynced()) {
    throw new SkipperError('cluster_unavailable', 'the state of the cluster has not been read yet');
  }
  const known = await state.knownRollout(id);
  if (known === undefined) throw new SkipperError('not_found', `rollout "${id}" does not exist`);
  const foreign = namespaces.filter((namespace) => !known.plans.has(namespace));
  if (foreign.length === 0) return known;
  const message = `not deployed by rollout ${id}: ${nameSome(foreign)}: leave them out`;
  throw new BadRequestError('namespaces', message, foreign);
}

/** The releases to return to, and what is left alone. */
interface PlannedRollback {
  readonly targets: readonly RollbackTarget[];
  readonly releases: ReadonlyMap<string, Release>;
}

async function planTargets(
  { state, cluster }: RollBackParts,
  { plans }: KnownRollout,
  { id, namespaces, to }: Rollback,
): Promise<PlannedRollback> {
  const named = namespaces && new Set(namespaces);
  const names = [...plans.keys()].filter((namespace) => named?.has(namespace) ?? true).sort();
  const [records, verified] = await Promise.all([state.records(names), state.verifiedReleases(names)]);
  const candidates = names.flatMap((namespace): RollbackCandidate[] => {
    const plan = plans.get(namespace);
    if (plan === undefined) return [];
    return [
      {
        namespace,
        isNamed: named !== undefined,
        isInFleet: cluster.snapshot(namespace).config !== undefined,
        isAdmitted: plan.admittedAt !== undefined,
        isUnchanged: plan.isUnchanged === true || plan.repair !== undefined,
        release: plan.release,
        wanted: records.get(namespace)?.release,
        earlier: [...(plan.previous ? [plan.previous] : []), ...(verified.get(namespace) ?? [])],
      },
    ];
  });
  const releases = await readReleases(
    state,
    candidates.flatMap(({ earlier }) => earlier),
  );
  const versions = new Map([...releases].map(([key, { version }]) => [key, version]));
  return { targets: planRollback(candidates, { id, to, versions }), releases };
}

function requireReturns(known: KnownRollout, planned: PlannedRollback): PlannedRollback {
  if (planned.targets.some(({ kind }) => kind === 'return')) return planned;
  const reasons = new Set(planned.targets.map((target) => (target.kind === 'leave' ? target.reason : '')));
  const why = [...reasons].slice(0, 3).join('; ') || 'it has not reached any namespace: cancel it instead';
  throw new RolloutConflictError(shownStateOf(known), `nothing to roll back: ${why}`);
}

/** It can end between the two. */
async function cancelFirst({ commands }: RollBackParts, { id, operator, trigger }: Rollback): Promise<void> {
  const reason = `rolled back: ${operator.reason}`;
  await commands.cancel(id, { ...operator, trigger, reason }).catch((error: unknown) => {
    if (!(error instanceof RolloutConflictError)) throw error;
  });
}

/** The holds come first: a release check in between would bring the same release back. */
async function requestHeld(
  parts: RollBackParts,
  { plans }: KnownRollout,
  rollback: Rollback,
  { targets, releases }: PlannedRollback,
): Promise<AcceptedRollout> {
  const returning = new Map<string, Release>();
  const cancelled = new Map<string, string>();
  for (const target of targets) {
    const release = target.kind === 'return' ? releases.get(target.release) : undefined;
    if (release) returning.set(target.namespace, release);
    else
      cancelled.set(target.namespace, target.kind === 'leave' ? target.reason : 'its release is not stored');
  }
  const release = await holdAll(parts, rollback, [...returning.keys()], (namespace, { pin }) => {
    // A hold of an operator stays, unless it lets the release in that is taken back.
    return pin === undefined || pin !== plans.get(namespace)?.version;
  });
  const { id, operator, trigger, strategy = { type: 'All' } } = rollback;
  try {
    return await parts.service.request({
      namespaces: [...returning.keys()],
      forceBootstrap: false,
      trigger,
      requestedBy: operator.by,
      reason: operator.reason,
      strategy,
      releases: returning,
      cancelled,
      rollsBack: id,
    });
  } catch (error) {
    // If Redis did not answer, the request may have been accepted.
    const isKnown = !(error instanceof SkipperError && error.code === 'redis_unavailable');
    if (isKnown) await release();
    throw error;
  }
}

/** Returns what takes these holds back. */
async function holdAll(
  { state }: RollBackParts,
  rollback: Rollback,
  namespaces: readonly string[],
  stays: (namespace: string, hold: Hold) => boolean,
): Promise<() => Promise<void>> {
  const { id, operator } = rollback;
  const before = await state.holds();
  const free = namespaces.filter((namespace) => {
    const hold = before.get(namespace);
    return hold === undefined || !stays(namespace, hold);
  });
  const reason = `rollout ${id} was rolled back: ${operator.reason}`;
  const hold = { by: operator.by, reason, at: Date.now(), rolloutId: id };
  await state.hold(free, hold, holdEntries(free, hold, actorOf(rollback)));
  return async () => {
    await state.endHold(free, releaseHoldEntries(free, undone(hold), actorOf(rollback)));
    for (const namespace of free) {
      const hold = before.get(namespace);
      if (hold) await state.hold([namespace], hold);
    }
  };
}

function undone({ at }: Pick<Hold, 'at'>) {
  return { at, reason: 'the rollback was not accepted' };
}

function actorOf({ operator: { by, from }, trigger }: Rollback): Actor {
  return { by, trigger, from };
}

/** Others can change the rollout between reading and writing it. */
const MAX_READS = 20;

/** For its timeline; the rollback itself is stored already. */
async function noteRollback(
  { state, log }: RollBackParts,
  rollback: Rollback,
  { rollout, targets }: AcceptedRollout,
): Promise<void> {
  const { by, reason } = rollback.operator;
  const { id } = rollback;
  const namespaces = [...targets].flatMap(([namespace, target]) => (isOpen(target.state) ? [namespace] : []));
  const write = async () => {
    for (let read = 0; read < MAX_READS; read += 1) {
      const known = await state.knownRollout(id);
      if (known === undefined) return;
      const event = {
        at: Date.now(),
        kind: 'rolled back' as const,
        state: shownStateOf(known),
        by,
        reason: `rollout ${rollout.id} takes it back: ${reason}`,
        namespaces,
      };
      const audit = commandEntries(known, event, actorOf(rollback));
      if ((await state.advance({ id, revision: known.status.revision, event, audit })).kind !== 'stale')
        return;
    }
  };
  await write().catch((error: unknown) =>
    log.warn({ rollout: id, reason: messageOf(error) }, 'the rollback is not in the timeline of the rollout'),
  );
}
