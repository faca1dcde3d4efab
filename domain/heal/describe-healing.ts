import { plural } from '../plural.ts';
import { utcTime } from '../utc-time.ts';
import { fleetRemedy } from './fleet-remedy.ts';
import type { HealingState, HealingStatus, HealMode, NamespaceHealing } from './healing.ts';
import type { HealthRules, RuleState } from './healing-view.ts';
import type { Finding } from './rule.ts';
import { RULE_MEANINGS } from './rule-meanings.ts';

interface StateWords {
  readonly word: string;
  /** A sentence without a full stop. */
  readonly meaning: string;
}

/** The words that pages and command line show. */
export const HEALING_WORDS: Readonly<Record<HealingState, StateWords>> = {
  watching: { word: 'Watching', meaning: 'a rule holds, but not for long enough to act' },
  waiting: { word: 'Waiting', meaning: 'the next step has its time' },
  healing: { word: 'Healing', meaning: 'a step is under way, or its effect is awaited' },
  recovering: { word: 'Recovering', meaning: 'no rule holds any more, but not for long enough to be sure' },
  'left-alone': { word: 'Left alone', meaning: 'healing does not touch it, for the reason given' },
  reported: { word: 'Would be healed', meaning: 'healing only reports: nothing is done' },
  stopped: { word: 'Stopped', meaning: 'healing is stopped, or its cap for this hour is used up' },
  quarantined: {
    word: 'Quarantined',
    meaning: 'everything was tried: it waits for a change or for a person',
  },
};

/** A namespace that is well again is remembered for some time: its steps count for the cap, and as tried if it falls sick again. */
export function isWellAgain({ findings, wellSince, state }: NamespaceHealing): boolean {
  return state === 'watching' && findings.length === 0 && wellSince !== undefined;
}

export function healingWords(healing: NamespaceHealing): StateWords {
  return isWellAgain(healing) ? WELL_AGAIN : HEALING_WORDS[healing.state];
}

const WELL_AGAIN: StateWords = {
  word: 'Well again',
  meaning: 'no rule holds any more; what was done is remembered for some time',
};

/** What comes next, or why nothing is done. */
export function reasonOf(healing: NamespaceHealing): string {
  const { meaning } = healingWords(healing);
  return isWellAgain(healing) ? meaning : healing.reason || meaning;
}

/** `3 of 40 namespaces not well, 2 recovering or well again`: the second are shown, too. */
export function describeCounts(status: HealingStatus): string {
  const { sick, fleet } = status;
  const rest = recoveringIn(status);
  const others = rest > 0 ? `, ${rest} recovering or well again` : '';
  return `${sick} of ${plural(fleet, 'namespace')} not well${others}`;
}

/** Namespaces in which no rule holds any more, and that are still shown. */
export function recoveringIn({ sick, states = {} }: Pick<HealingStatus, 'sick' | 'states'>): number {
  const shown = Object.values(states).reduce((sum, count) => sum + count, 0);
  return Math.max(0, shown - sick);
}

/** Why namespaces wait although healing is on, and how not to wait; undefined if none waits for the cap. */
export function describeFullCap({ mode, stopped, cap, states }: HealingStatus): FullCap | undefined {
  const waiting = states?.stopped ?? 0;
  if (mode !== 'on' || stopped || cap.used < cap.limit || waiting === 0) return undefined;
  const waits = waiting === 1 ? '1 namespace waits' : `${waiting} namespaces wait`;
  const from = cap.freeAt === undefined ? '' : ` from ${utcTime(cap.freeAt)} on`;
  return {
    message: `Healing has repaired as many namespaces within the last hour as --heal-hourly-cap allows (${cap.limit}): ${waits}.`,
    remedy: `It continues automatically${from}. To repair one now: skipper deploy NAMESPACE. To repair more in an hour, raise --heal-hourly-cap.`,
  };
}

interface FullCap {
  readonly message: string;
  readonly remedy: string;
}

/** What each mode does, for people who wonder why nothing happens. */
export const MODE_MEANINGS: Readonly<Record<HealMode, string>> = {
  off: 'No rule is checked, and nothing is repaired. To switch it on: --heal report, later --heal on.',
  report: 'Nothing is done. What healing would do is shown for each namespace. To switch it on: --heal on.',
  on: 'What a rule finds is repaired, by the mildest means that fits.',
};

/** What is wrong in the whole fleet, each followed by what to do; empty if that is not so. */
export function describeFleetWide({ fleetWide = [] }: Pick<HealingStatus, 'fleetWide'>): string[] {
  return fleetWide.flatMap((finding) => [describeFleetCause(finding), fleetRemedy(finding)]);
}

export function describeFleetCause({ rule, evidence }: Pick<Finding, 'rule' | 'evidence'>): string {
  return `${rule} in the whole fleet: ${RULE_MEANINGS[rule]} (${evidence})`;
}

export const ONLY_FLEET_WIDE =
  'No other rule is judged and nothing is repaired until that has changed. What is known about namespaces is from the passes before.';

export const QUARANTINE_ENDS =
  'It ends automatically when the settings in its ConfigMap or its requested release change, when a quota that refused something is raised, or when no rule holds any more. A person can end it at any time.';

export const RELEASE_FROM_QUARANTINE =
  'Healing begins again with the mildest means, once a rule has held long enough. Nothing is done at once.';

export interface RulesHeadline {
  readonly text: string;
  /** The worst state of a rule. */
  readonly state: RuleState;
}

/** All rules of a namespace in one sentence. */
export function describeRules({ rules }: Pick<HealthRules, 'rules'>): RulesHeadline {
  const named = (state: RuleState) => rules.filter((each) => each.state === state).map(({ rule }) => rule);
  const [holding, unknown] = [named('holds'), named('unknown')];
  if (holding.length > 0)
    return { state: 'holds', text: `${countRules(holding.length)}: ${holding.join(', ')}` };
  if (unknown.length === rules.length)
    return { state: 'unknown', text: `Unknown: ${rules[0]?.reason ?? ''}` };
  if (unknown.length > 0)
    return { state: 'unknown', text: `No rule is known to hold; unknown: ${unknown.join(', ')}` };
  if (rules.every(({ state }) => state === 'off'))
    return { state: 'off', text: 'Healing is off: no rule is checked' };
  return { state: 'ok', text: 'No rule holds' };
}

function countRules(count: number): string {
  return count === 1 ? '1 rule holds' : `${count} rules hold`;
}
