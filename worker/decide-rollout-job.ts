import type { Logger } from 'pino';
import { FDD } from '../domain/cluster/names.ts';
import type { NamespaceSnapshot } from '../domain/cluster/observed.ts';
import { statusOf } from '../domain/cluster/status.ts';
import { failedReport } from '../domain/cluster/symptoms.ts';
import { laneOf, URGENT } from '../domain/deploy/lane.ts';
import { reviewTarget } from '../domain/deploy/review-target.ts';
import { whyHeld } from '../domain/deploy/what-holds.ts';
import { causeGroup } from '../domain/fleet/cause-group.ts';
import { type Closure, closureAt } from '../domain/rollout/closure.ts';
import { type Decision, decideRollout } from '../domain/rollout/decide-rollout.ts';
import { isWatched, lastBegunWave } from '../domain/rollout/find-failures.ts';
import type { Hold } from '../domain/rollout/hold.ts';
import { isByPeople, isOpen, type Rollout, type TargetState } from '../domain/rollout/rollout.ts';
import { scheduleFor, waitsForNamespaces } from '../domain/rollout/rollout-policy.ts';
import type { RolloutEvent, TargetPlan } from '../domain/rollout/rollout-status.ts';
import type { DecidedTarget, Situation } from '../domain/rollout/situation.ts';
import type { DeployJobs } from '../shared/deploy-jobs.ts';
import type { KubernetesClient } from '../shared/kubernetes/client.ts';
import type { ClusterCache } from '../shared/kubernetes/cluster-cache.ts';
import { DEPLOYMENTS } from '../shared/kubernetes/resources.ts';
import { type RawDeployment, toObservedDeployment } from '../shared/kubernetes/to-observed.ts';
import type { RolloutPolicySource } from '../shared/rollout-policy-file.ts';
import type { Holds } from '../shared/state/holds.ts';
import type { Records } from '../shared/state/records.ts';
import type {
  Advanced,
  KnownRollout,
  RolloutControl,
  TargetEnding,
} from '../shared/state/rollout-control.ts';
import { isBlind } from './is-blind.ts';

export interface DecideDependencies {
  readonly state: Pick<RolloutControl, 'knownRollout' | 'advance' | 'forgetRollout'> &
    Pick<Records, 'records'> &
    Pick<Holds, 'holds'>;
  readonly cluster: Pick<ClusterCache, 'snapshot' | 'watches'>;
  readonly client: Pick<KubernetesClient, 'get'>;
  readonly jobs: DeployJobs;
  readonly policy: Pick<RolloutPolicySource, 'current'>;
  readonly log: Logger;
  /** Called once for each rollout that ends here. */
  readonly onEnd?: (state: TargetState) => void;
}

/** What a decision has done, shown on the board. */
export interface DecisionResult {
  readonly state: string;
  readonly admitted: number;
  readonly because: string;
}

/** Others can change the rollout between reading it and deciding; each time it is read again. */
const MAX_READS = 10;
/** While targets soak, their namespaces are looked at this often. */
const SOAK_CHECK_MS = 2_000;
const BLIND_CHECK_MS = 1_000;
/** The policy, or an annotation, can change before a window opens; and a time without workers is noticed. */
const LONGEST_WAIT_MS = 30_000;
/** A decision that comes this much later than planned has waited for workers, or for Redis. */
const LATE_MS = 10_000;
/** A decision reads all targets: those about large rollouts are rarer, so that they do not take a whole processor. */
const TARGETS_PER_REST_MS = 20;
const SHORTEST_REST_MS = 50;
const LONGEST_REST_MS = 1_000;
/** More namespaces that seem to have fallen back are a matter of the next decision. */
const MAX_CONFIRMED = 50;

/** Decides what a rollout does next, and does it. Any worker can do that, any number of times. */
export async function decideRolloutJob(
  id: string,
  dependencies: DecideDependencies,
): Promise<DecisionResult> {
  const { state } = dependencies;
  for (let read = 0; read < MAX_READS; read += 1) {
    const known = await state.knownRollout(id);
    if (known === undefined) break;
    const result = await decideOnce(known, dependencies);
    if (result !== 'stale') return result;
  }
  // Expired, or lost with Redis. A rollout that only changes too quickly stays due.
  if ((await state.knownRollout(id)) !== undefined)
    return nothing('it changes too quickly: decided again soon');
  await state.forgetRollout(id);
  return nothing('it is not stored any more');
}

function nothing(because: string): DecisionResult {
  return { state: 'unknown', admitted: 0, because };
}

async function decideOnce(
  known: KnownRollout,
  dependencies: DecideDependencies,
): Promise<DecisionResult | 'stale'> {
  const { rollout, status } = known;
  if (isOpen(status.state) && rollout.strategy?.type === 'Progressive' && isBlind(dependencies.cluster)) {
    return wait(
      known,
      'waits: the API server does not answer, so nothing is known about the namespaces',
      dependencies,
    );
  }
  const deadlinesFrom = wasLate(known, Date.now()) ? Date.now() : status.deadlinesFrom;
  const situation = await situationOf({ ...known, status: { ...status, deadlinesFrom } }, dependencies);
  const decision = decideRollout(situation);
  const ends = decision.fail.map(
    ({ namespace, code, reason }): TargetEnding => ({
      namespace,
      state: 'failed',
      code,
      reason,
      cause: reason,
      isFinal: true,
    }),
  );
  const reviewed = await reviewAll(known, decision.admit, dependencies);
  if (reviewed.ends.length + Object.keys(reviewed.plans).length > 0) {
    // What leaves makes room for others: decide again from what is stored then.
    const answer = await advance(
      known,
      { ends: [...ends, ...reviewed.ends], plans: reviewed.plans, deadlinesFrom, bump: true },
      dependencies,
    );
    return answer.kind === 'done' ? 'stale' : toResult(answer, known, decision);
  }
  const wakeAt = nextCheck(decision, situation);
  const event = eventOf(decision, situation);
  const answer = await advance(
    known,
    {
      admit: decision.admit,
      ends,
      change: decision.change,
      because: decision.because,
      wakeAt,
      restMs: restAfter(known.targets.size),
      deadlinesFrom,
      event,
    },
    dependencies,
  );
  if (answer.kind === 'done' && decision.change && !isOpen(decision.change.state))
    dependencies.onEnd?.(decision.change.state);
  if (answer.kind === 'done') await queueAdmitted(rollout, known, answer, dependencies);
  return toResult(answer, known, decision);
}

/** No worker decided when it was due: none ran, or Redis was unreachable, so targets made no progress either. */
function wasLate({ status: { wakeAt } }: KnownRollout, now: number): boolean {
  return wakeAt !== undefined && now - wakeAt > LATE_MS;
}

/** Undefined for a rollout of up to a thousand targets. */
function restAfter(targets: number): number | undefined {
  const ms = targets / TARGETS_PER_REST_MS;
  return ms > SHORTEST_REST_MS ? Math.min(LONGEST_REST_MS, ms) : undefined;
}

async function wait(
  known: KnownRollout,
  because: string,
  dependencies: DecideDependencies,
): Promise<DecisionResult | 'stale'> {
  const now = Date.now();
  const what = { because, wakeAt: now + BLIND_CHECK_MS, deadlinesFrom: now };
  const answer = await advance(known, what, dependencies);
  return answer.kind === 'stale' ? 'stale' : { state: known.status.state, admitted: 0, because };
}

function toResult(answer: Advanced, { status }: KnownRollout, decision: Decision): DecisionResult | 'stale' {
  if (answer.kind !== 'done') return 'stale';
  const { change, because } = decision;
  return { state: change?.state ?? status.state, admitted: answer.targets.length, because };
}

function advance(
  { rollout, status, targets }: KnownRollout,
  what: Omit<Parameters<RolloutControl['advance']>[0], 'id' | 'revision'>,
  { state }: Pick<DecideDependencies, 'state'>,
): Promise<Advanced> {
  const failed = [...targets.values()].filter((target) => target.state === 'failed').length;
  const { revision, seq } = status;
  return state.advance({ id: rollout.id, revision, failed, seq, ...what });
}

async function situationOf(known: KnownRollout, dependencies: DecideDependencies): Promise<Situation> {
  const { rollout, status, plans } = known;
  const now = Date.now();
  const strategy = rollout.strategy ?? allOf(known.targets.size);
  const policy = dependencies.policy.current();
  const isWaiting = waitsForNamespaces(policy, rollout.trigger);
  const targets = [...known.targets].map(([namespace, target]): DecidedTarget => {
    const { wave = 0, order = 0, admittedAt, isExcused } = plans.get(namespace) ?? {};
    const { state, finishedAt, reason = '' } = target;
    // A target that is retried while its run continues is admitted later than it started.
    const startedAt = target.startedAt && Math.max(target.startedAt, admittedAt ?? 0);
    const cause = target.cause ?? causeGroup(reason, namespace);
    const isHeldBack = isWaiting && admittedAt === undefined && isOpen(state);
    const closure = isHeldBack ? namespaceClosure(namespace, dependencies.cluster, now) : undefined;
    return {
      namespace,
      state,
      startedAt,
      finishedAt,
      wave,
      order,
      admittedAt,
      isExcused,
      cause,
      isHealthyNow: true,
      closure,
    };
  });
  const closure = closureAt(scheduleFor(policy, rollout.trigger), now);
  const situation = { rollout: { ...status, id: rollout.id }, targets, strategy, now, closure };
  const fallen = await findFallen(situation, dependencies);
  if (fallen.size === 0) return situation;
  const judged = targets.map((target) => ({ ...target, isHealthyNow: !fallen.has(target.namespace) }));
  return { ...situation, targets: judged };
}

function namespaceClosure(
  namespace: string,
  cluster: DecideDependencies['cluster'],
  now: number,
): Closure | undefined {
  const { config } = cluster.snapshot(namespace);
  const windows = config?.ok ? config.value.rollout?.window : undefined;
  return windows && closureAt({ windows }, now);
}

function allOf(total: number) {
  return {
    type: 'All' as const,
    waves: [{ size: total, isCanary: false, maxFailures: 0 }],
    maxConcurrency: Math.max(1, total),
    maxFailures: 0,
    minSuccessMs: 0,
    approval: false,
  };
}

/** The namespaces that were verified and are not healthy any more. */
async function findFallen(
  situation: Situation,
  dependencies: DecideDependencies,
): Promise<ReadonlySet<string>> {
  const { cluster, state } = dependencies;
  const lastBegun = lastBegunWave(situation.targets);
  const suspects = situation.targets
    .filter((target) => isWatched(target, situation, lastBegun))
    .map(({ namespace }) => namespace)
    .filter((namespace) => hasFallenBack(cluster.snapshot(namespace)))
    .slice(0, MAX_CONFIRMED);
  if (suspects.length === 0) return new Set();
  const records = await state.records(suspects);
  const own = suspects.filter((namespace) => records.get(namespace)?.rolloutId === situation.rollout.id);
  const confirmed = await Promise.all(own.map((namespace) => isConfirmed(namespace, dependencies)));
  return new Set(own.filter((_, index) => confirmed[index]));
}

/** A namespace that has left the fleet, or that Helm manages now, says nothing about the release. */
function hasFallenBack(snapshot: NamespaceSnapshot): boolean {
  if (!snapshot.config?.ok) return false;
  const { status } = statusOf(snapshot);
  return (
    status === 'NOT_FOUND' ||
    status === 'UNAVAILABLE' ||
    status === 'FAILED' ||
    failedReport(snapshot) !== undefined
  );
}

/** The watch can show what was there before the verification. */
async function isConfirmed(
  namespace: string,
  { cluster, client }: Pick<DecideDependencies, 'cluster' | 'client'>,
): Promise<boolean> {
  const raw = await client.get<RawDeployment>(DEPLOYMENTS, { namespace, name: FDD });
  return hasFallenBack({ ...cluster.snapshot(namespace), deployment: raw && toObservedDeployment(raw) });
}

interface Reviewed {
  readonly ends: readonly TargetEnding[];
  readonly plans: Readonly<Record<string, TargetPlan>>;
}

/** A namespace can be named in a request before the watch shows it. */
const WATCH_LAG_MS = 10_000;

async function reviewAll(
  { rollout, plans }: KnownRollout,
  namespaces: readonly string[],
  { cluster, state }: Pick<DecideDependencies, 'cluster' | 'state'>,
): Promise<Reviewed> {
  // A person who names a namespace knows that it is held.
  const isHoldable = namespaces.length > 0 && !isByPeople(rollout.trigger);
  const holds = isHoldable ? await state.holds() : new Map<string, Hold>();
  const isYoung = Date.now() - rollout.createdAt < WATCH_LAG_MS;
  const ends: TargetEnding[] = [];
  const adapted: Record<string, TargetPlan> = {};
  for (const namespace of namespaces) {
    const plan = plans.get(namespace);
    const { config } = cluster.snapshot(namespace);
    if (plan === undefined || (config === undefined && isYoung)) continue;
    const review = reviewTarget(plan, config, plans.values());
    const annotations = config?.ok && isHoldable ? config.value.rollout : undefined;
    const { version } = review.kind === 'adapt' ? review.plan : plan;
    const why = review.kind === 'leave' ? undefined : whyHeld(version, annotations, holds.get(namespace));
    if (why !== undefined) {
      ends.push({ namespace, state: 'cancelled', reason: `left the rollout: ${why}` });
      continue;
    }
    if (review.kind === 'adapt') adapted[namespace] = review.plan;
    if (review.kind === 'leave') {
      const { state, code, reason } = review;
      ends.push({ namespace, state, code, reason });
    }
  }
  return { ends, plans: adapted };
}

function nextCheck(
  { change, wakeAt: decided }: Decision,
  { rollout, targets, strategy, now }: Situation,
): number | undefined {
  if (!isOpen(change?.state ?? rollout.state)) return undefined;
  const wakeAt = decided && Math.min(decided, now + LONGEST_WAIT_MS);
  const soaks =
    strategy.minSuccessMs > 0 &&
    targets.some(
      ({ state, finishedAt = 0 }) => state === 'completed' && finishedAt + strategy.minSuccessMs > now,
    );
  if (!soaks) return wakeAt;
  return Math.min(wakeAt ?? Number.POSITIVE_INFINITY, now + SOAK_CHECK_MS);
}

/** Changes of state, and beginnings of waves; not every admission. */
function eventOf({ admit, change, because, fail }: Decision, situation: Situation): RolloutEvent | undefined {
  const at = situation.now;
  if (change) {
    const { state, reason, failures } = change;
    const namespaces = failures.flatMap((group) => group.namespaces);
    const isStart = state === 'running';
    return {
      at,
      kind: state === 'paused' ? 'paused' : 'decided',
      state,
      by: '',
      reason: isStart ? because : reason,
      ...(namespaces.length > 0 && { namespaces }),
    };
  }
  const { state } = situation.rollout;
  if (fail.length > 0) {
    const namespaces = fail.map(({ namespace }) => namespace);
    return { at, kind: 'decided', state, by: '', reason: fail[0]?.reason ?? '', namespaces };
  }
  const admitted = new Set(admit);
  const wave = situation.targets.find(({ namespace }) => admitted.has(namespace))?.wave;
  const isNewWave =
    wave !== undefined &&
    !situation.targets.some((target) => target.wave === wave && target.admittedAt !== undefined);
  return isNewWave ? { at, kind: 'decided', state, by: '', reason: because } : undefined;
}

async function queueAdmitted(
  rollout: Rollout,
  { targets }: KnownRollout,
  { targets: admitted }: Extract<Advanced, { kind: 'done' }>,
  { jobs, log }: DecideDependencies,
): Promise<void> {
  if (admitted.length === 0) return;
  const priority = rollout.isUrgent ? URGENT : laneOf(rollout.trigger, targets.size);
  await jobs.enqueue(admitted, priority);
  log.info({ rollout: rollout.id, admitted: admitted.length }, 'targets admitted');
}
