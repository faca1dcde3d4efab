import { utcTime } from '../utc-time.ts';
import type { Closure } from './closure.ts';
import { describeDuration } from './describe-duration.ts';
import { deadlineOf, findFailures, type TargetFailure } from './find-failures.ts';
import { describeFailures, groupFailures } from './group-failures.ts';
import { isOpen, TARGET_STATES, type TargetState } from './rollout.ts';
import type { FailureGroup } from './rollout-status.ts';
import {
  type DecidedTarget,
  isAdmitted,
  isHeldBack,
  isInProgress,
  isOver,
  overAt,
  type Situation,
} from './situation.ts';
import { spentBudget, whyStop } from './why-stop.ts';

/** What to do now. It must be carried out in one step, or nothing if the rollout has changed. */
export interface Decision {
  /** Namespaces whose desired state is written now. */
  readonly admit: readonly string[];
  readonly fail: readonly TargetFailure[];
  readonly change?: StateChange;
  /** When to decide again if nothing happens before. */
  readonly wakeAt?: number;
  /** For people: what happens now, and what the rest waits for. */
  readonly because: string;
  /** Its next wave begins only when an operator approves it. */
  readonly awaitsApproval?: boolean;
}

export interface StateChange {
  readonly state: Exclude<TargetState, 'pending'>;
  readonly reason: string;
  /** What failed, grouped by cause. */
  readonly failures: readonly FailureGroup[];
}

/**
 * Decides what a rollout does next. Only the present counts, not how it came about: any worker can decide, any number of
 * times. A wave begins when all targets of the one before have ended, and its completed targets have stayed verified for
 * `minSuccessTime`. A rollout whose targets have all ended is completed if its failures are within the budget and at least
 * one target is completed; otherwise it has failed. It is paused only if targets are left that it can hold back.
 */
export function decideRollout(situation: Situation): Decision {
  const { state } = situation.rollout;
  if (!isOpen(state)) return { ...nothing(`the rollout is ${state}: nothing more is admitted`), fail: [] };
  const fail = findFailures(situation);
  return { ...decideNext(withFailures(situation, fail)), fail };
}

type Next = Omit<Decision, 'fail'>;

function nothing(because: string): Next {
  return { admit: [], because };
}

function withFailures(situation: Situation, fail: readonly TargetFailure[]): Situation {
  const reasons = new Map(fail.map(({ namespace, reason }) => [namespace, reason]));
  const targets = situation.targets.map((target): DecidedTarget => {
    const cause = reasons.get(target.namespace);
    return cause === undefined ? target : { ...target, state: 'failed', cause };
  });
  return { ...situation, targets };
}

function decideNext(situation: Situation): Next {
  const isPaused =
    situation.rollout.state === 'paused' && situation.targets.some(({ state }) => isOpen(state));
  if (isPaused) return nothing('the rollout is paused: nothing new is admitted');
  const stop = situation.targets.some(isHeldBack) ? whyStop(situation) : undefined;
  if (stop) return { ...nothing(stop.reason), change: { state: 'paused', ...stop } };
  const wave = currentWave(situation);
  return wave === undefined ? end(situation) : continueWave(situation, wave);
}

/** The first wave that has not ended and soaked; undefined if all have. */
export function currentWave(situation: Situation): number | undefined {
  let current: number | undefined;
  for (const target of situation.targets) {
    if (isOver(target, situation)) continue;
    current = Math.min(current ?? target.wave, target.wave);
  }
  return current;
}

function continueWave(situation: Situation, wave: number): Next {
  const { rollout, targets, strategy } = situation;
  const isApproved = !strategy.approval || wave === 0 || wave <= (rollout.approvedWave ?? 0);
  const admit = isApproved && !situation.closure ? nextTargets(situation, wave) : [];
  const isBegun = admit.length > 0 || targets.some(isAdmitted);
  const place = `wave ${wave + 1} of ${strategy.waves.length}`;
  const change: StateChange = { state: 'running', reason: `${place} begins`, failures: [] };
  const wakeAt = nextTime(situation, wave);
  return {
    admit,
    ...(rollout.state === 'pending' && isBegun && { change }),
    ...(wakeAt !== undefined && { wakeAt }),
    ...(!isApproved && { awaitsApproval: true }),
    because: `${place} ${isApproved ? explainWave(situation, wave, admit.length) : 'waits for an approval'}`,
  };
}

function nextTargets({ targets, strategy }: Situation, wave: number): string[] {
  const room = strategy.maxConcurrency - targets.filter(isInProgress).length;
  return targets
    .filter((target) => target.wave === wave && canBeAdmitted(target) && !target.closure)
    .sort((a, b) => a.order - b.order)
    .slice(0, Math.max(0, room))
    .map(({ namespace }) => namespace);
}

function canBeAdmitted(target: DecidedTarget): boolean {
  return target.state === 'pending' && isHeldBack(target);
}

/** The next deadline, the end of the soak, or the opening of a window. */
function nextTime(situation: Situation, wave: number): number | undefined {
  const deadlines = situation.targets.flatMap((target) => deadlineOf(target, situation) ?? []);
  const openings = closuresOf(situation, wave).map(({ until }) => until);
  const times = [...deadlines, ...openings, soakEnd(situation, wave) ?? Number.POSITIVE_INFINITY];
  const next = times.reduce((a, b) => Math.min(a, b));
  return Number.isFinite(next) ? next : undefined;
}

/** What closes the wave: the policy, or else the windows of its namespaces; the first to open is the first. */
function closuresOf({ targets, closure }: Situation, wave: number): Closure[] {
  const waiting = targets.filter((target) => target.wave === wave && canBeAdmitted(target));
  if (closure) return waiting.length > 0 ? [closure] : [];
  return waiting
    .flatMap((target) => (target.closure ? [target.closure] : []))
    .sort((a, b) => a.until - b.until);
}

/** When the wave's last target has soaked; undefined if one has not ended. */
export function soakEnd({ targets, strategy }: Situation, wave: number): number | undefined {
  let end = 0;
  for (const target of targets) {
    if (target.wave !== wave) continue;
    const at = overAt(target, strategy);
    if (at === undefined) return undefined;
    end = Math.max(end, at);
  }
  return end;
}

function explainWave(situation: Situation, wave: number, admitted: number): string {
  const { targets, strategy } = situation;
  const soaksUntil = soakEnd(situation, wave);
  if (soaksUntil !== undefined) {
    const rule = `each target must stay verified for ${describeDuration(strategy.minSuccessMs)}`;
    return `soaks until ${utcTime(soaksUntil)}: ${rule}`;
  }
  const own = targets.filter((target) => target.wave === wave);
  const waiting = own.filter(isHeldBack).length - admitted;
  const unended = own.filter(isInProgress).length + admitted;
  if (waiting === 0) return `is in progress: ${unended} of ${own.length} targets have not ended`;
  const held = own.filter(({ state }) => state === 'paused').length;
  const closures = closuresOf(situation, wave);
  if (closures.length > 0 && (situation.closure || held + closures.length === waiting)) {
    return explainClosures(situation, closures, unended);
  }
  if (held === waiting)
    return `waits for what an operator holds back: ${held} of ${own.length} targets are paused`;
  return `has as many targets in progress as maxConcurrency allows (${strategy.maxConcurrency}); waiting: ${waiting}`;
}

/** What the policy closes, or what the namespaces close: the wave has not ended until they have. */
function explainClosures({ closure }: Situation, closures: readonly Closure[], unended: number): string {
  const [first] = closures;
  const what = closure
    ? closure.reason
    : `waits for the windows of ${closures.length} of its namespaces: the first ${first?.reason ?? ''}`;
  return unended === 0 ? what : `${what}; in progress, and ends: ${unended}`;
}

function end(situation: Situation): Next {
  const { targets } = situation;
  const count = (state: TargetState) => targets.filter((target) => target.state === state).length;
  const failures = groupFailures(targets.filter(({ state }) => state === 'failed'));
  const isSpent = spentBudget(situation) !== undefined;
  const isFailed = isSpent || (situation.strategy.type === 'All' && failures.length > 0);
  const state = endState(count, isFailed);
  const ended = TARGET_STATES.filter((each) => count(each) > 0).map((each) => `${count(each)} ${each}`);
  const causes = failures.length > 0 ? `; failed: ${describeFailures(failures)}` : '';
  const reason = `all targets have ended: ${ended.join(', ') || 'there were none'}${causes}`;
  return { admit: [], change: { state, reason, failures }, because: reason };
}

function endState(count: (state: TargetState) => number, isFailed: boolean): StateChange['state'] {
  if (isFailed || (count('failed') > 0 && count('completed') === 0)) return 'failed';
  if (count('completed') > 0) return 'completed';
  if (count('superseded') > 0) return 'superseded';
  return count('cancelled') > 0 ? 'cancelled' : 'completed';
}
