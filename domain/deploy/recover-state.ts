import { isRolledOut, type NamespaceSnapshot, reportOn } from '../cluster/observed.ts';
import { contentDigest } from '../release/content-digest.ts';
import { versionOf } from '../release/image.ts';
import type { Release } from '../release/release.ts';
import { isOpen, type Rollout, type RolloutTarget, type TargetState } from '../rollout/rollout.ts';
import { isLaterRollout, requestedAtOf } from '../rollout/rollout-id.ts';
import type { RolloutEvent, RolloutStatus, TargetPlan } from '../rollout/rollout-status.ts';
import type { Origin } from './application.ts';

/** A rollout that had not ended, with all that is needed to continue it. */
export interface OpenRolloutState {
  readonly rollout: Rollout;
  readonly status: RolloutStatus;
  readonly targets: ReadonlyMap<string, RolloutTarget>;
  readonly plans: ReadonlyMap<string, TargetPlan>;
  /** The last part of its timeline, newest first. */
  readonly events: readonly RolloutEvent[];
}

export interface RecoveryInput {
  readonly snapshots: readonly NamespaceSnapshot[];
  /** As they were last saved. */
  readonly rollouts: readonly OpenRolloutState[];
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
  readonly writtenAt: number;
  /** FDD or a bootstrap pod has begun what was written. */
  readonly isBegun: boolean;
  readonly rollout?: Rollout | undefined;
  readonly plan?: TargetPlan | undefined;
  readonly version: string;
}

export interface RecoveredState {
  readonly namespaces: readonly RecoveredNamespace[];
  readonly rollouts: readonly OpenRolloutState[];
  /** By key. */
  readonly releases: ReadonlyMap<string, Release>;
  /** The rollouts that only the cluster knows: their targets that were not written are unknown. */
  readonly interrupted: readonly string[];
}

export const INTERRUPTED = 'interrupted: Redis lost its data; resume to continue';

/**
 * The state as far as the cluster and what was saved show it. Nothing is invented: a target that carries the annotation of its
 * rollout was written, and its run continues or has ended; any other one is planned as before, so nothing is written twice.
 */
export function recoverState(input: RecoveryInput): RecoveredState {
  const writes = new Map(
    input.snapshots.flatMap((snapshot) => {
      const write = writeIn(snapshot, input.now);
      return write === undefined ? [] : [[snapshot.namespace, write] as const];
    }),
  );
  const saved = input.rollouts.map((state) => recoverRollout(state, writes, input.now));
  const interrupted = interruptedRollouts(input, writes);
  const rollouts = [...saved, ...interrupted];
  const byId = new Map(rollouts.map((each) => [each.rollout.id, each]));
  const namespaces = [...writes].flatMap(([namespace, write]) => {
    const record = recordOf(namespace, write, byId.get(write.origin.rolloutId));
    return record === undefined ? [] : [record];
  });
  return {
    namespaces,
    rollouts,
    releases: new Map([...writes.values()].map(({ origin, release }) => [origin.release, release])),
    interrupted: interrupted.map(({ rollout }) => rollout.id),
  };
}

/** The last write of Skipper in a namespace, and what became of it. */
interface Write {
  readonly origin: Origin;
  readonly release: Release;
  readonly deploymentId: string;
  readonly result: 'verified' | 'failed' | 'open';
  readonly isBegun: boolean;
  readonly writtenAt: number;
}

/** Undefined if the annotations are missing, or another client has changed what was written. */
function writeIn(snapshot: NamespaceSnapshot, now: number): Write | undefined {
  const { application, bootstrapPod } = snapshot;
  if (application?.origin === undefined || application.deploymentId === undefined) return undefined;
  const { image, config, deploymentId, writtenAt = now, origin } = application;
  if (contentDigest({ image, config }) !== origin.content) return undefined;
  const report = reportOn(snapshot, deploymentId);
  return {
    origin,
    release: { image, version: versionOf(image), config },
    deploymentId,
    result: report?.result === 'FAILED' ? 'failed' : isVerified(snapshot, deploymentId) ? 'verified' : 'open',
    isBegun: report !== undefined || bootstrapPod?.startedFor === deploymentId,
    writtenAt,
  };
}

/** While another FDD terminates, it can write the Deployment once more: a run that continues waits for that. */
function isVerified(snapshot: NamespaceSnapshot, deploymentId: string): boolean {
  const { application, deployment, bootstrapPod, pods } = snapshot;
  const report = reportOn(snapshot, deploymentId);
  return (
    deployment !== undefined &&
    deployment.deploymentId === deploymentId &&
    deployment.image === application?.image &&
    isRolledOut(deployment) &&
    (report === undefined || (report.result === 'SUCCESS' && report.succeededAt === undefined)) &&
    bootstrapPod?.startedFor !== deploymentId &&
    !pods.some(({ deleting }) => deleting)
  );
}

function recoverRollout(
  known: OpenRolloutState,
  writes: ReadonlyMap<string, Write>,
  now: number,
): OpenRolloutState {
  const { rollout, status, events } = known;
  const targets = new Map<string, RolloutTarget>();
  const plans = new Map<string, TargetPlan>();
  for (const [namespace, target] of known.targets) {
    const plan = known.plans.get(namespace);
    const found = recoverTarget({ target, plan, rolloutId: rollout.id }, writes.get(namespace), now);
    targets.set(namespace, found.target);
    if (found.plan) plans.set(namespace, found.plan);
  }
  const event = rebuiltEvent(status.state, targets.values(), now);
  return {
    rollout,
    status: { ...status, deadlinesFrom: now },
    targets,
    plans,
    events: [event, ...events],
  };
}

interface KnownTarget {
  readonly target: RolloutTarget;
  readonly plan: TargetPlan | undefined;
  readonly rolloutId: string;
}

function recoverTarget(
  { target, plan, rolloutId }: KnownTarget,
  write: Write | undefined,
  now: number,
): { readonly target: RolloutTarget; readonly plan: TargetPlan | undefined } {
  if (!isOpen(target.state) || plan === undefined) return { target, plan };
  const { version } = target;
  if (write?.origin.rolloutId === rolloutId) {
    return { target: targetOf(write, target, now), plan: { ...plan, admittedAt: plan.admittedAt ?? now } };
  }
  if (write !== undefined && isLaterRollout(write.origin.rolloutId, rolloutId)) {
    const reason = `superseded by rollout ${write.origin.rolloutId}`;
    return { target: { state: 'superseded', version, reason, finishedAt: now }, plan };
  }
  const { admittedAt: _admittedAt, ...planned } = plan;
  const state = target.state === 'paused' ? 'paused' : 'pending';
  return { target: { state, version, reason: plan.because }, plan: planned };
}

function targetOf({ result, writtenAt }: Write, before: RolloutTarget, now: number): RolloutTarget {
  const { version, startedAt = writtenAt } = before;
  const begun = { version, startedAt };
  if (result === 'verified') return { ...begun, state: 'completed', reason: VERIFIED, finishedAt: now };
  if (result === 'failed') {
    return { ...begun, state: 'failed', code: 'fdd_failed', reason: FAILED, finishedAt: now };
  }
  return { ...begun, state: 'running', attempt: 1 };
}

const VERIFIED = 'found verified when the state was rebuilt';
const FAILED = 'FDD reported FAILED';

/** Rollouts that were not saved, with a write that is not verified and recent: without one, nothing of them is left to do. */
function interruptedRollouts(
  { rollouts, now, overdueBefore }: RecoveryInput,
  writes: ReadonlyMap<string, Write>,
): OpenRolloutState[] {
  const saved = new Set(rollouts.map(({ rollout }) => rollout.id));
  const groups = new Map<string, [string, Write][]>();
  for (const [namespace, write] of writes) {
    const { rolloutId } = write.origin;
    if (!saved.has(rolloutId)) groups.set(rolloutId, [...(groups.get(rolloutId) ?? []), [namespace, write]]);
  }
  return [...groups].flatMap(([id, group]) => {
    const isLeft = group.some(([, { result, writtenAt }]) => result === 'open' && writtenAt >= overdueBefore);
    return isLeft ? [interruptedRollout(id, group, now)] : [];
  });
}

function interruptedRollout(
  id: string,
  writes: readonly (readonly [string, Write])[],
  now: number,
): OpenRolloutState {
  const images = new Map(writes.map(([, { release }]) => [release.image, release.version]));
  const targets = new Map(
    writes.map(([namespace, write]) => [
      namespace,
      targetOf(write, { state: 'running', version: write.release.version }, now),
    ]),
  );
  const plans = writes.map(([namespace, { origin, release, writtenAt }], order): [string, TargetPlan] => [
    namespace,
    {
      wave: 0,
      order,
      because: 'known from the annotations of its Application',
      release: origin.release,
      version: release.version,
      channel: '',
      admittedAt: writtenAt,
    },
  ]);
  return {
    rollout: {
      id,
      trigger: 'api',
      requestedBy: '',
      forceBootstrap: false,
      createdAt: requestedAtOf(id) ?? now,
      releases: [...images].map(([image, version]) => ({ channel: '', image, version })),
      reason: 'known from annotations only: who requested it, and its other targets, are lost',
    },
    status: {
      state: 'paused',
      reason: INTERRUPTED,
      because: INTERRUPTED,
      changedAt: now,
      failures: [],
      deadlinesFrom: now,
      revision: 1,
      seq: 0,
    },
    targets,
    plans: new Map(plans),
    events: [rebuiltEvent('paused', targets.values(), now)],
  };
}

function rebuiltEvent(state: TargetState, targets: Iterable<RolloutTarget>, at: number): RolloutEvent {
  const counts = new Map<string, number>();
  for (const target of targets) counts.set(target.state, (counts.get(target.state) ?? 0) + 1);
  const found = [...counts].map(([each, count]) => `${count} ${each}`).join(', ');
  const reason = `Redis lost its data; rebuilt from the cluster: ${found}`;
  return { at, kind: 'changed', state, by: '', reason };
}

/** Undefined if nothing certain is known: the write is not verified, and nobody waits for it. */
function recordOf(
  namespace: string,
  write: Write,
  known: OpenRolloutState | undefined,
): RecoveredNamespace | undefined {
  const { origin, deploymentId, isBegun, writtenAt, release } = write;
  const target = known?.targets.get(namespace);
  const plan = known?.plans.get(namespace);
  const { rollout } = known ?? {};
  const { version } = release;
  const common = { namespace, origin, deploymentId, isBegun, writtenAt, rollout, plan, version };
  if (target !== undefined && target.state !== 'pending' && target.state !== 'paused') {
    const { state, reason = '', code } = target;
    return { ...common, state, reason, code };
  }
  if (write.result === 'verified') return { ...common, state: 'completed', reason: VERIFIED };
  if (write.result === 'failed') return { ...common, state: 'failed', reason: FAILED, code: 'fdd_failed' };
  return undefined;
}
