import type { NamespaceSnapshot } from '../cluster/observed.ts';
import type { Release } from '../release/release.ts';
import { isOpen, type Rollout, type RolloutTarget, type TargetState } from '../rollout/rollout.ts';
import { isLaterRollout, requestedAtOf } from '../rollout/rollout-id.ts';
import type { RolloutEvent, RolloutStatus, TargetPlan } from '../rollout/rollout-status.ts';
import { utcTime } from '../utc-time.ts';
import type { Origin } from './application.ts';
import { findWrite, type Write } from './find-write.ts';
import { interruptedRollout } from './interrupted-rollout.ts';
import { rebuiltEvent } from './rebuilt-event.ts';

/** A rollout that had not ended, with all that is needed to continue it. */
export interface OpenRolloutState {
  readonly rollout: Rollout;
  readonly status: RolloutStatus;
  readonly targets: ReadonlyMap<string, RolloutTarget>;
  readonly plans: ReadonlyMap<string, TargetPlan>;
  /** The last part of its timeline, newest first. */
  readonly events: readonly RolloutEvent[];
}

/** What was saved outside of Redis, as far as rollouts matter. */
export interface SavedCopy {
  readonly savedAt: number;
  /** It could not be replaced for a while before the loss: what it has can be over, or taken back. */
  readonly isOld: boolean;
  readonly rollouts: readonly OpenRolloutState[];
  /** Ids of open rollouts that it had no room for. */
  readonly leftOut: readonly string[];
  /** By key. */
  readonly releases: ReadonlyMap<string, Release>;
}

export interface RecoveryInput {
  readonly snapshots: readonly NamespaceSnapshot[];
  /** Undefined if nothing was saved. */
  readonly copy: SavedCopy | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** What was written before this time has had its time. */
  readonly overdueBefore: number;
}

/** The record of a namespace. */
export interface RecoveredNamespace {
  readonly namespace: string;
  readonly origin: Origin;
  /** `running`: it is written and not verified, so its run continues. */
  readonly state: Extract<TargetState, 'running' | 'completed' | 'failed' | 'cancelled' | 'superseded'>;
  readonly reason: string;
  readonly code?: string | undefined;
  readonly deploymentId: string;
  /** Its run ended without a result: the id must not be waited for again. */
  readonly isGivenUp: boolean;
  readonly writtenAt: number;
  /** FDD or a bootstrap pod has begun what was written. */
  readonly isBegun: boolean;
  readonly rollout?: Rollout | undefined;
  readonly plan?: TargetPlan | undefined;
  /** Empty if it is unknown. */
  readonly version: string;
}

export interface RecoveredState {
  readonly namespaces: readonly RecoveredNamespace[];
  readonly rollouts: readonly OpenRolloutState[];
  /** By key. */
  readonly releases: ReadonlyMap<string, Release>;
  /** The rollouts that wait for an operator, because not all of them is known. */
  readonly interrupted: readonly string[];
}

/**
 * The state as far as the cluster and what was saved show it. Nothing is invented: a target that carries the annotation of its
 * rollout was written, and its run continues or has ended; any other one is planned as before, so nothing is written twice.
 * What is not known for certain runs only after an operator has resumed it.
 */
export function recoverState(input: RecoveryInput): RecoveredState {
  const { copy, now } = input;
  const writes = new Map(
    input.snapshots.flatMap((snapshot) => {
      const write = findWrite(snapshot, now);
      return write === undefined ? [] : [[snapshot.namespace, write] as const];
    }),
  );
  const saved = (copy?.rollouts ?? []).map((state) =>
    copy?.isOld
      ? holdBack(recoverRollout(state, writes, input), copy, now)
      : recoverRollout(state, writes, input),
  );
  const unsaved = interruptedRollouts(input, writes);
  const rollouts = [...saved, ...unsaved];
  const byId = new Map(rollouts.map((each) => [each.rollout.id, each]));
  const releases = releasesIn(copy, writes);
  return {
    namespaces: [...writes].map(([namespace, write]) =>
      recordOf({ namespace, write, known: byId.get(write.origin.rolloutId), releases }),
    ),
    rollouts,
    releases,
    interrupted: (copy?.isOld ? rollouts : unsaved).map(({ rollout }) => rollout.id),
  };
}

function releasesIn(
  copy: SavedCopy | undefined,
  writes: ReadonlyMap<string, Write>,
): ReadonlyMap<string, Release> {
  const written = [...writes.values()].flatMap(({ origin, release }) =>
    release ? [[origin.release, release] as const] : [],
  );
  return new Map([...written, ...(copy?.releases ?? [])]);
}

function recoverRollout(
  known: OpenRolloutState,
  writes: ReadonlyMap<string, Write>,
  { copy, now }: Pick<RecoveryInput, 'copy' | 'now'>,
): OpenRolloutState {
  const { rollout, status, events } = known;
  const targets = new Map<string, RolloutTarget>();
  const plans = new Map<string, TargetPlan>();
  for (const [namespace, target] of known.targets) {
    const plan = known.plans.get(namespace);
    const before = { target, plan, rolloutId: rollout.id, isCertain: !copy?.isOld };
    const found = recoverTarget(before, writes.get(namespace), now);
    targets.set(namespace, found.target);
    if (found.plan) plans.set(namespace, found.plan);
  }
  const event = rebuiltEvent(status.state, targets.values(), now);
  return { rollout, status: { ...status, deadlinesFrom: now }, targets, plans, events: [event, ...events] };
}

/** It can have been cancelled, or have ended, since it was saved. */
function holdBack(state: OpenRolloutState, { savedAt }: SavedCopy, now: number): OpenRolloutState {
  if (state.status.state === 'paused') return state;
  const reason = `interrupted: Redis lost its data, and the saved copy is from ${utcTime(savedAt)}: what was decided since then, such as a cancel or a hold, is lost; check that, then resume or cancel`;
  const status = { ...state.status, state: 'paused' as const, reason, because: reason, changedAt: now };
  const event: RolloutEvent = { at: now, kind: 'paused', state: 'paused', by: '', reason };
  return { ...state, status, events: [event, ...state.events] };
}

interface KnownTarget {
  readonly target: RolloutTarget;
  readonly plan: TargetPlan | undefined;
  readonly rolloutId: string;
  /** It was still wanted when Redis lost its data. */
  readonly isCertain: boolean;
}

function recoverTarget(
  { target, plan, rolloutId, isCertain }: KnownTarget,
  write: Write | undefined,
  now: number,
): { readonly target: RolloutTarget; readonly plan: TargetPlan | undefined } {
  if (!isOpen(target.state) || plan === undefined) return { target, plan };
  const { version } = target;
  const isWritten = write?.release !== undefined && write.origin.rolloutId === rolloutId;
  if (isWritten && (isCertain || write.result !== 'open')) {
    return {
      target: targetOf(write, target, { now, isCertain }),
      plan: { ...plan, admittedAt: plan.admittedAt ?? now },
    };
  }
  if (write?.release !== undefined && isLaterRollout(write.origin.rolloutId, rolloutId)) {
    const reason = `superseded by rollout ${write.origin.rolloutId}`;
    return { target: { state: 'superseded', version, reason, finishedAt: now }, plan };
  }
  const { admittedAt: _admittedAt, ...planned } = plan;
  const state = target.state === 'paused' ? 'paused' : 'pending';
  return { target: { state, version, reason: plan.because }, plan: planned };
}

/** A run that is still wanted verifies what FDD has deployed; one that can have ended leaves what fell sick since to healing. */
function targetOf(
  { result, writtenAt }: Write,
  { version, startedAt = writtenAt }: RolloutTarget,
  { now, isCertain }: { readonly now: number; readonly isCertain: boolean },
): RolloutTarget {
  const begun = { version, startedAt };
  if (result === 'verified') return { ...begun, state: 'completed', reason: VERIFIED, finishedAt: now };
  if (result === 'carried-out' && !isCertain)
    return { ...begun, state: 'completed', reason: CARRIED_OUT, finishedAt: now };
  if (result === 'failed') {
    return { ...begun, state: 'failed', code: 'fdd_failed', reason: FAILED, finishedAt: now };
  }
  return { ...begun, state: 'running', attempt: 1 };
}

const VERIFIED = 'found verified when the state was rebuilt';
const CARRIED_OUT = 'FDD had deployed it when the state was rebuilt';
const FAILED = 'FDD reported FAILED';
const UNVERIFIED = 'it was not verified when the state was rebuilt';
const CHANGED = 'another client has changed it since; whether it was verified is not known';

/** Rollouts that were not saved, with a recent write that is not verified: without one, nothing of them is known to be left to do. */
function interruptedRollouts(
  { copy, now, overdueBefore }: RecoveryInput,
  writes: ReadonlyMap<string, Write>,
): OpenRolloutState[] {
  const saved = new Set(copy?.rollouts.map(({ rollout }) => rollout.id));
  const groups = new Map<string, [string, Write][]>();
  for (const [namespace, write] of writes) {
    const { rolloutId } = write.origin;
    if (saved.has(rolloutId) || hadEnded(rolloutId, copy)) continue;
    groups.set(rolloutId, [...(groups.get(rolloutId) ?? []), [namespace, write]]);
  }
  return [...groups].flatMap(([id, group]) => {
    const isLeft = group.some(([, { result, writtenAt }]) => result === 'open' && writtenAt >= overdueBefore);
    return isLeft ? [interruptedRollout(id, group, now)] : [];
  });
}

/** The clock of the process that requested a rollout is not that of Redis, and its id has no milliseconds. */
const MARGIN_MS = 10_000;

/** A copy has all open rollouts. */
function hadEnded(rolloutId: string, copy: SavedCopy | undefined): boolean {
  const requestedAt = requestedAtOf(rolloutId);
  if (copy === undefined || requestedAt === undefined || copy.leftOut.includes(rolloutId)) return false;
  return requestedAt + MARGIN_MS < copy.savedAt;
}

interface Written {
  readonly namespace: string;
  readonly write: Write;
  readonly known: OpenRolloutState | undefined;
  readonly releases: ReadonlyMap<string, Release>;
}

/** A write that nobody waits for any more has a record, too: healing and the release check need to know what was requested. */
function recordOf({ namespace, write, known, releases }: Written): RecoveredNamespace {
  const { origin, deploymentId, isBegun, writtenAt } = write;
  const target = known?.targets.get(namespace);
  const plan = known?.plans.get(namespace);
  const { rollout } = known ?? {};
  const { version = '' } = releases.get(origin.release) ?? {};
  const common = { namespace, origin, deploymentId, isBegun, writtenAt, rollout, plan, version };
  if (write.release && target && target.state !== 'pending' && target.state !== 'paused') {
    const { state, reason = '', code } = target;
    return { ...common, state, reason, code, isGivenUp: state === 'failed' };
  }
  return { ...common, ...endOf(write, releases.has(origin.release)) };
}

/** Somebody else's change can be found only if the release is known. */
function endOf(
  { result, release }: Write,
  isKnown: boolean,
): Pick<RecoveredNamespace, 'state' | 'reason' | 'code' | 'isGivenUp'> {
  if (result === 'verified') return { state: 'completed', reason: VERIFIED, isGivenUp: false };
  if (result === 'failed') return { state: 'failed', reason: FAILED, code: 'fdd_failed', isGivenUp: true };
  if (result === 'carried-out' && isKnown)
    return { state: 'completed', reason: CARRIED_OUT, isGivenUp: false };
  return { state: 'failed', reason: release ? UNVERIFIED : CHANGED, isGivenUp: false };
}
