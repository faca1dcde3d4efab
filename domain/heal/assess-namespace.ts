import type { Release } from '../release/release.ts';
import type { Repair } from '../rollout/repair.ts';
import { describeSwitchedOff } from './deployment-rules.ts';
import { beginLadder, endQuarantine } from './end-quarantine.ts';
import { isOtherCause, isOtherWanted } from './heal-cause.ts';
import { type HealSettings, longestWait, memoryTime, waitAfterSteps } from './heal-settings.ts';
import { isUnderWay, ladderStart, ladderSteps, recentSteps, triedSteps } from './heal-steps.ts';
import type { HealingStep, NamespaceHealing } from './healing.ts';
import { describeMeans, FLIP_FLOPS, LADDERS, nextRung, type Possible } from './ladder.ts';
import type { Finding } from './rule.ts';

/** What healing knows about one namespace. */
export interface NamespaceFacts {
  /** The rules that hold now, in the order of RULES. */
  readonly findings: readonly Finding[];
  /** As the pass before has stored it, with the results of its steps. */
  readonly before?: NamespaceHealing | undefined;
  /** Why nothing may be done there: Helm, a hold, a configuration that cannot be read. */
  readonly forbidden?: string | undefined;
  /** A request or a target of a rollout that has not ended. */
  readonly busy?: string | undefined;
  /** When a deploy failed there that others have requested, if it was the last one: the audit log has an entry of it. */
  readonly deployFailedAt?: number | undefined;
  /** What a repair deploys; undefined if it is not known: then nothing is done. */
  readonly release?: Release | undefined;
  /** A fingerprint of what has to change before another try makes sense; undefined if it cannot be read now. */
  readonly cause: string | undefined;
  /** The pods that a restart deletes. */
  readonly pods: readonly string[];
  /** A replica of FDD is available. */
  readonly isAvailable: boolean;
  /** Why an FDD that was deaf is not known to be well, or deaf. */
  readonly doubt?: string | undefined;
}

/** What to do about one namespace, before the limits of the fleet. */
export type Assessment =
  /** Nothing has to be stored. */
  | { readonly kind: 'well' }
  | { readonly kind: 'state'; readonly healing: NamespaceHealing }
  /** A step is due. */
  | {
      readonly kind: 'due';
      readonly healing: NamespaceHealing;
      readonly dueAt: number;
      readonly repair: Repair;
      readonly cause: string | undefined;
    }
  | { readonly kind: 'give-up'; readonly healing: NamespaceHealing; readonly reason: string };

/** Steps in a row without a lasting effect, whatever their rules were. */
const MAX_STEPS = 10;
/** Somebody who changes it back that often within an hour means it. */
const COMEBACKS = 3;

export function assessNamespace(given: NamespaceFacts, settings: HealSettings, now: number): Assessment {
  const facts = { ...given, before: withChanges(given, now) };
  const [first] = facts.findings;
  if (!first) return assessWell(facts, settings, now);
  const known = continueEpisode(facts, settings, now);
  const leave = leaves(facts, first, settings, known);
  if (leave?.state === 'left-alone') return leaveAlone(known, leave);
  if (leave) return stay({ ...known, ...leave });
  const healing = { waitsSince: now, ...known };
  const comebacks = comebacksOf(first, healing, now);
  if (comebacks >= COMEBACKS) return { kind: 'give-up', healing, reason: flipFlop(first, comebacks) };
  return climb(facts, first, healing, { settings, now });
}

/** What is known from before, without what does not count after a change. What cannot be read has not changed. */
function withChanges({ before, cause }: NamespaceFacts, now: number): NamespaceHealing | undefined {
  if (before === undefined || cause === undefined) return before;
  const { quarantine, wanted } = before;
  if (quarantine) return isOtherCause(quarantine.cause, cause) ? endQuarantine(before, now) : before;
  const isOutdated = isRemembered(before) && wanted !== undefined && isOtherWanted(wanted, cause);
  return isOutdated ? beginLadder(before, now) : before;
}

/** A step changes what the rules look at: what they do not find counts only after its end. */
function assessWell(facts: NamespaceFacts, settings: HealSettings, now: number): Assessment {
  const { before, doubt } = facts;
  if (!before) return { kind: 'well' };
  const { nextAt: _at, nextMeans: _means, wellSince = now, ...known } = before;
  const healing = { ...known, findings: [] };
  if (healing.steps.some(isUnderWay))
    return stay({ ...healing, state: 'healing', reason: 'a step is under way' });
  const well = { ...healing, wellSince };
  if (isRecovering({ before, doubt }, settings, now)) {
    return stay({
      ...well,
      state: 'recovering',
      reason: `no rule holds any more; ${doubt ?? 'it has to last'}`,
    });
  }
  return remember(well, settings, now);
}

/** No rule holds there now, but it was sick until just now. */
export function isRecovering(
  { before, doubt }: Pick<NamespaceFacts, 'before' | 'doubt'>,
  { backoffMs }: HealSettings,
  now: number,
): boolean {
  if (!before) return false;
  // What has come back again and again is not well after a moment without a rule.
  const hasLasted = before.quarantine && before.comebacks ? longestWait(backoffMs) : backoffMs;
  const isSure = now - (before.wellSince ?? now) >= hasLasted && doubt === undefined;
  const wasSick = before.isReported || before.quarantine || ladderSteps(before).length > 0;
  return Boolean(wasSick) && !isSure && !isRemembered(before);
}

/** Its steps count for the cap, and show who changes it back, and what did not help for long. */
function remember(
  { quarantine: _quarantine, isReported: _isReported, ...healing }: NamespaceHealing,
  { backoffMs }: HealSettings,
  now: number,
) {
  if (healing.steps.length === 0 || isForgotten(healing, backoffMs, now)) return { kind: 'well' } as const;
  return stay({ ...healing, state: 'watching', reason: 'well' });
}

function isForgotten({ wellSince = 0 }: NamespaceHealing, backoffMs: number, now: number): boolean {
  return now - wellSince >= memoryTime(backoffMs);
}

/** It is well, and only its steps are remembered. */
function isRemembered({ state, wellSince }: NamespaceHealing): boolean {
  return state === 'watching' && wellSince !== undefined;
}

function stay(healing: NamespaceHealing): Assessment {
  return { kind: 'state', healing };
}

/** What ends it, such as a node that has room, is followed by a start of FDD: the waits begin then. */
function leaveAlone({ waitsSince: _waits, ...healing }: NamespaceHealing, leave: Left): Assessment {
  return stay({ ...healing, ...leave });
}

/** The healing of before with what is found now. What was well for long enough begins again. */
function continueEpisode(facts: NamespaceFacts, { backoffMs }: HealSettings, now: number): NamespaceHealing {
  const { findings, before } = facts;
  const begun = { state: 'watching', reason: '', findings } as const;
  if (!before) return { ...begun, since: now, steps: [] };
  const { wellSince: _well, nextAt: _at, nextMeans: _means, ...known } = before;
  if (isRemembered(before)) {
    return isForgotten(before, backoffMs, now)
      ? { ...begun, since: now, steps: [] }
      : { ...begun, since: now, ...fallenAgain(before, findings[0]) };
  }
  return { ...known, ...begun };
}

/** What counts from before: a rule that comes back after a repair was not repaired for good. */
function fallenAgain(
  { steps, ladderSince, wanted, comebacks = 0 }: NamespaceHealing,
  first: Finding | undefined,
): Pick<NamespaceHealing, 'steps' | 'ladderSince' | 'wanted' | 'comebacks'> {
  const hasComeBack = steps.some(
    (step) => step.rule === first?.rule && step.at >= (ladderSince ?? 0) && isCarriedOut(step),
  );
  const times = comebacks + (hasComeBack ? 1 : 0);
  return {
    steps,
    ...(ladderSince && { ladderSince }),
    ...(wanted && { wanted }),
    ...(times > 0 && { comebacks: times }),
  };
}

/** Nothing keeps healing from it. */
type WaitingHealing = NamespaceHealing & { readonly waitsSince: number };

/** When it fell sick, if a rule holds now. */
export function sickSince({ before }: Pick<NamespaceFacts, 'before'>, now: number): number {
  return before && !isRemembered(before) ? before.since : now;
}

type Left = Pick<NamespaceHealing, 'state' | 'reason'>;

/** Why nothing is decided here now; undefined if the ladder decides. */
function leaves(
  facts: NamespaceFacts,
  first: Finding,
  settings: HealSettings,
  { steps, quarantine }: NamespaceHealing,
): Left | undefined {
  if (steps.some(isUnderWay)) return { state: 'healing', reason: describeUnderWay(steps) };
  if (quarantine) return { state: 'quarantined', reason: quarantine.reason };
  const reason = whyLeftAlone(facts, first, settings);
  return reason === undefined ? undefined : { state: 'left-alone', reason };
}

/** Why nothing is done about a rule that holds. */
export function whyLeftAlone(
  { forbidden, busy, doubt }: NamespaceFacts,
  first: Finding,
  { healsScaledDown }: HealSettings,
): string | undefined {
  const unknown = first.rule === 'deaf' ? doubt : undefined;
  return forbidden ?? busy ?? unknown ?? whyNotRepaired(first, healsScaledDown);
}

function whyNotRepaired({ rule, by, isFleetWide }: Finding, healsScaledDown: boolean): string | undefined {
  if (isFleetWide || LADDERS[rule].length === 0) {
    return `${rule}: the cause is not in the namespace, so nothing is repaired there`;
  }
  if (rule === 'scaled-down' && !healsScaledDown) {
    return `${describeSwitchedOff(by)}: only a deploy, or --heal-scaled-down, changes that`;
  }
  if (LADDERS[rule].every((means) => means === 'wait')) return `${rule}: only waiting helps`;
  return undefined;
}

function describeUnderWay(steps: readonly HealingStep[]): string {
  const step = steps.find(isUnderWay);
  return step ? `under way: ${describeMeans(step.means, step.rule)} (${step.rule})` : '';
}

/** How often it came back although a step had helped; after a quarantine it has another chance. */
function comebacksOf({ rule }: Finding, { steps, ladderSince = 0 }: NamespaceHealing, now: number): number {
  if (!FLIP_FLOPS.has(rule)) return 0;
  const helped = steps.filter((step) => step.rule === rule && step.end === 'completed');
  return recentSteps(helped, now).filter(({ at }) => at >= ladderSince).length;
}

function flipFlop({ rule, by }: Finding, times: number): string {
  const who = by ?? 'somebody (the field manager is not known)';
  return `as often as it is repaired, ${who} changes it back: ${rule} came back ${times} times within an hour`;
}

function climb(
  { before, cause, pods, isAvailable }: NamespaceFacts,
  first: Finding,
  healing: WaitingHealing,
  { settings, now }: { readonly settings: HealSettings; readonly now: number },
): Assessment {
  const steps = triedSteps(healing, first.rule);
  const possible: Possible = { restart: pods.length > 0, bootstrap: !isAvailable };
  const tried = steps.filter((step) => countsAsTried(step, first)).map(({ means }) => means);
  const means = steps.length < MAX_STEPS ? nextRung(LADDERS[first.rule], tried, possible) : undefined;
  const dueAt = dueTime(healing, first, settings);
  if (now < dueAt) return stay(waiting(healing, { before, first, means, dueAt, now, settings }));
  if (means === undefined) return { kind: 'give-up', healing, reason: exhausted(steps, healing.comebacks) };
  const { rule, evidence } = first;
  const repair = { means, rule, evidence, ...(means === 'restart' && { pods }) };
  return { kind: 'due', healing: { ...healing, nextMeans: means }, dueAt, repair, cause };
}

/** What was not carried out, or was replaced, shows nothing; what somebody has changed back had helped. */
function countsAsTried(step: HealingStep, { rule }: Finding): boolean {
  return isCarriedOut(step) && !(step.end === 'completed' && step.rule === rule && FLIP_FLOPS.has(rule));
}

function isCarriedOut({ end }: HealingStep): boolean {
  return end !== 'cancelled' && end !== 'superseded';
}

/** After each step the wait is longer; and whatever was done, the rule has its time after what was left alone. */
function dueTime(healing: WaitingHealing, first: Finding, { backoffMs }: HealSettings): number {
  const last = healing.steps.at(-1)?.endedAt ?? 0;
  return Math.max(
    Math.max(ladderStart(healing), last) + waitAfterSteps(healing.steps.length, backoffMs),
    graceEnd(healing, first, backoffMs),
  );
}

/** What can recover without help has twice as long. */
function graceEnd({ waitsSince }: WaitingHealing, { rule }: Finding, backoffMs: number): number {
  return waitsSince + (LADDERS[rule][0] === 'wait' ? 2 : 1) * backoffMs;
}

function waiting(
  healing: WaitingHealing,
  next: Pick<NamespaceFacts, 'before'> & {
    readonly first: Finding;
    readonly means: Repair['means'] | undefined;
    readonly dueAt: number;
    readonly now: number;
    readonly settings: HealSettings;
  },
): NamespaceHealing {
  const { before, first, means, dueAt, now, settings } = next;
  const isYoung = now - healing.waitsSince < settings.backoffMs && ladderSteps(healing).length === 0;
  // What is left alone again and again never has its time: it stays left alone.
  const isLeftAlone = before?.state === 'left-alone' && now < graceEnd(healing, first, settings.backoffMs);
  const what = means === undefined ? 'quarantine' : describeMeans(means, first.rule);
  const reason = `${first.rule}: if it lasts, next: ${what}`;
  return {
    ...healing,
    state: isLeftAlone ? 'left-alone' : isYoung ? 'watching' : 'waiting',
    reason: isLeftAlone ? `it was left alone until just now; ${reason}` : reason,
    nextAt: dueAt,
    ...(means && { nextMeans: means }),
  };
}

function exhausted(steps: readonly HealingStep[], comebacks: number | undefined): string {
  if (steps.length === 0) return 'no means is possible here';
  const done = steps.filter(isCarriedOut);
  if (done.length === 0)
    return `none of ${steps.length} steps was carried out, the last one: ${steps.at(-1)?.result}`;
  const tried = done.map(({ means, rule, end, result }) =>
    end === 'failed' && result ? `${describeMeans(means, rule)} (${result})` : describeMeans(means, rule),
  );
  return `${comebacks ? whenBack(comebacks) : 'it still does not work after'}: ${tried.join('; ')}`;
}

function whenBack(times: number): string {
  return `it came back ${times === 1 ? 'once' : `${times} times`} after it was repaired`;
}
