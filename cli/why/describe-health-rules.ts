import {
  describeRules,
  healingWords,
  QUARANTINE_ENDS,
  reasonOf,
} from '../../domain/heal/describe-healing.ts';
import type { NamespaceHealing } from '../../domain/heal/healing.ts';
import type { HealthRules, RuleState, RuleView } from '../../domain/heal/healing-view.ts';
import { describeMeans } from '../../domain/heal/ladder.ts';
import { RULE_MEANINGS } from '../../domain/heal/rule-meanings.ts';
import { oneLine } from '../text/lines.ts';
import { duration, timestamp } from '../text/time.ts';

export interface Clock {
  readonly now: number;
  /** Ages for people; timestamps in a pipe. */
  readonly forPeople: boolean;
}

/** The health rules and what healing does, each line with its bullet; the first is the summary. */
export function describeHealthRules(view: HealthRules, clock: Clock): readonly (readonly [string, string])[] {
  const { rules, checkedAt, mode, healing } = view;
  const { text, state } = describeRules(view);
  const checked = checkedAt === undefined || state === 'off' ? '' : ` Checked ${ago(checkedAt, clock)}.`;
  const areAllUnknown = rules.every((rule) => rule.state === 'unknown');
  return [
    ['  ', `${text}.${checked}`],
    ...listed(areAllUnknown ? [] : rules.map((rule) => describeRule(rule, clock))),
    ...(state === 'off' || state === 'ok' ? [] : namesOf(rules, 'ok')),
    ...(mode === 'report' ? [['  ', ONLY_REPORTS] as const] : []),
    ...(healing === undefined ? [] : describeHealing(healing, clock)),
  ];
}

const ONLY_REPORTS = 'Healing only reports (--heal report): nothing is done.';

function listed(lines: readonly string[]): (readonly [string, string])[] {
  return lines.filter(Boolean).map((line) => ['  - ', oneLine(line)]);
}

function namesOf(rules: readonly RuleView[], state: RuleState): (readonly [string, string])[] {
  const names = rules.filter((rule) => rule.state === state).map(({ rule }) => rule);
  return names.length === 0 ? [] : [['  - ', `${state}: ${names.join(', ')}`]];
}

/** Empty for a rule that the summary covers. */
function describeRule({ rule, state, since, evidence, by, reason }: RuleView, clock: Clock): string {
  if (state === 'unknown') return `${rule}: unknown, ${reason}`;
  if (state !== 'holds') return '';
  const time = since === undefined ? '' : `, since ${ago(since, clock)}`;
  const who = by === undefined ? '' : ` (caused by the field manager ${by})`;
  return `${rule}: ${RULE_MEANINGS[rule]}${time}: ${evidence}${who}`;
}

function describeHealing(healing: NamespaceHealing, clock: Clock): readonly (readonly [string, string])[] {
  const { nextAt, quarantine, steps } = healing;
  const { word } = healingWords(healing);
  const next = nextAt === undefined || nextAt <= clock.now ? '' : ` Due ${inTime(nextAt, clock)}.`;
  return [
    ['  ', `${word}: ${reasonOf(healing).replace(/\.$/, '')}.${next}`],
    ...(quarantine === undefined ? [] : describeQuarantine(quarantine, healing.reason, clock)),
    ...listed(steps.map((step) => describeStep(step, clock))),
  ];
}

function describeQuarantine(
  { since, rule, reason, evidence }: NonNullable<NamespaceHealing['quarantine']>,
  shown: string,
  clock: Clock,
): readonly (readonly [string, string])[] {
  const why = [reason === shown ? '' : reason, evidence].filter(Boolean).map(oneLine).join(': ');
  return [
    ['  ', `In quarantine since ${ago(since, clock)}, because of ${rule}: ${why}`],
    ['  ', QUARANTINE_ENDS],
  ];
}

/** `5 min ago: restart FDD, for crash-loop: it did not help (rollout R1)` */
export function describeStep(
  { at, means, rule, result, endedAt, rolloutId }: NamespaceHealing['steps'][number],
  clock: Clock,
): string {
  const end = result ?? (endedAt === undefined ? 'under way' : 'ended');
  const where = rolloutId === undefined ? '' : ` (rollout ${rolloutId})`;
  return `${ago(at, clock)}: ${describeMeans(means, rule)}, for ${rule}: ${end}${where}`;
}

function ago(at: number, { now, forPeople }: Clock): string {
  return forPeople ? `${duration(Math.max(0, now - at))} ago` : timestamp(at);
}

function inTime(at: number, { now, forPeople }: Clock): string {
  if (!forPeople) return `at ${timestamp(at)}`;
  return `in ${duration(at - now)}`;
}
