import {
  describeFleetWide,
  describeFullCap,
  MODE_MEANINGS,
  ONLY_FLEET_WIDE,
} from '../../domain/heal/describe-healing.ts';
import type { HealingStatus } from '../../domain/heal/healing.ts';
import { isStalePass } from '../../domain/heal/is-stale-pass.ts';
import { describeAge, NO_PASS } from '../../domain/heal/view-rules.ts';
import type { Hue } from './words.ts';

export interface StatusWords {
  readonly hue: Hue;
  readonly headline: string;
  readonly lines: readonly string[];
}

/** What healing does now, for the top of its page: what is unknown or stopped comes first. */
export function describeStatus(status: HealingStatus | null, now: number): StatusWords {
  if (status === null) return { hue: 'unknown', headline: `Unknown: ${NO_PASS}.`, lines: [NO_PASS_REMEDY] };
  const { mode, stopped } = status;
  const means = MODE_MEANINGS[mode];
  if (mode === 'off') return { hue: 'unmanaged', headline: 'Healing is off.', lines: [means] };
  if (isStalePass(status, now)) {
    return { hue: 'unknown', headline: `Unknown: ${describeAge(status, now)}.`, lines: [STALE_REMEDY] };
  }
  const [headline, ...others] = describeFleetWide(status);
  if (headline !== undefined) return { hue: 'degraded', headline, lines: [...others, ONLY_FLEET_WIDE] };
  if (stopped !== undefined) return describeStop(stopped, status);
  if (mode === 'report') return { hue: 'outdated', headline: 'Healing only reports.', lines: [means] };
  const hue = status.sick === 0 ? 'healthy' : 'progressing';
  return { hue, headline: 'Healing is on.', lines: [means, ...capLine(status)] };
}

const NO_PASS_REMEDY = 'A worker with --heal report or --heal on makes one every few seconds.';
const STALE_REMEDY =
  'What is below is from that pass: nothing of it is verified now, and nothing is repaired. Check the workers.';
const ENDS_BY_HAND = 'Nothing is repaired until somebody resumes it.';

function describeStop(
  { by, reason }: NonNullable<HealingStatus['stopped']>,
  { mode, sick }: HealingStatus,
): StatusWords {
  const who = by === undefined ? 'automatically' : `by ${by}`;
  return {
    hue: 'degraded',
    headline: `Healing was stopped ${who}: ${reason}`,
    lines: [
      by === undefined ? endsAutomatically(sick) : ENDS_BY_HAND,
      ...(mode === 'report' ? [MODE_MEANINGS.report] : []),
    ],
  };
}

function endsAutomatically(sick: number): string {
  return `It resumes automatically as soon as not more than --heal-stop-share of the fleet are sick (now ${sick}), or when somebody resumes it.`;
}

function capLine(status: HealingStatus): string[] {
  const full = describeFullCap(status);
  if (full) return [full.message, full.remedy];
  const { used, limit } = status.cap;
  return used < limit ? [] : ['The cap for this hour is used up: further namespaces would wait.'];
}
