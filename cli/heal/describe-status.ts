import {
  describeCounts,
  describeFleetWide,
  describeFullCap,
  MODE_MEANINGS,
  ONLY_FLEET_WIDE,
} from '../../domain/heal/describe-healing.ts';
import type { HealingStatus } from '../../domain/heal/healing.ts';
import type { HealingList } from '../../domain/heal/healing-view.ts';
import { RULES } from '../../domain/heal/rule.ts';
import { describeAge, NO_PASS } from '../../domain/heal/view-rules.ts';
import { utcTime } from '../../domain/utc-time.ts';
import { oneLine } from '../text/lines.ts';

/** What healing does now, above the table of namespaces. */
export function describeStatus(
  { status, isStale }: Pick<HealingList, 'status' | 'isStale'>,
  now: number,
): string[] {
  if (status === null) return [`Unknown: ${NO_PASS}.`];
  if (status.mode === 'off') return [`Healing is off. ${MODE_MEANINGS.off}`];
  const full = describeFullCap(status);
  return [
    ...(isStale ? [`Unknown: ${describeAge(status, now)}. What follows is from that pass.`] : []),
    ...describeMode(status),
    `${describeCounts(status)}; ${status.cap.used} of at most ${status.cap.limit} healed within the last hour.`,
    ...(full ? [`${full.message} ${full.remedy}`] : []),
    ...(status.fleetWide
      ? [...describeFleetWide(status).map(oneLine), ONLY_FLEET_WIDE]
      : describeRules(status)),
  ];
}

/** What keeps it from repairing comes first. */
function describeMode(status: HealingStatus): string[] {
  const isOn = status.mode === 'on';
  const stop = describeStop(status);
  if (isOn && stop.length === 0) return ['Healing is on.'];
  return [...stop, ...(isOn ? [] : [`Healing only reports. ${MODE_MEANINGS.report}`])];
}

export function describeStop({ stopped }: HealingStatus): string[] {
  if (stopped === undefined) return [];
  const { by, reason, at } = stopped;
  const who = by === undefined ? 'automatically' : `by ${by}`;
  return [oneLine(`Healing was stopped ${who} at ${utcTime(at)}, nothing is repaired: ${reason}`)];
}

function describeRules({ rules, isDeafKnown }: HealingStatus): string[] {
  const holding = RULES.flatMap((rule) => (rules[rule] ? [`${rule} ${rules[rule]}`] : []));
  return [
    ...(holding.length === 0 ? [] : [`Rules: ${holding.join(', ')}.`]),
    ...(isDeafKnown ? [] : ['The rule deaf is unknown: its watches are off or not up to date.']),
  ];
}
