import { HOUR_MS } from '../time-parts.ts';
import type { HealingStatus } from './healing.ts';
import type { Rule } from './rule.ts';

/** A namespace in which a rule holds, or held until just now. */
export interface Sick {
  /** Left out if it recovers. */
  readonly rule?: Rule;
  readonly since: number;
}

export type Valve = Pick<HealingStatus, 'stopped' | 'resumedAt'>;

const WINDOW_MS = HOUR_MS / 6;
const SHOWN_CAUSES = 3;

/**
 * Healing stops if more namespaces than `limit` fall sick within 10 minutes: then it is the cluster or the release. It resumes
 * when not more than that are left of them, or when a person says so; what a person has stopped, only a person resumes. What
 * recovers is still left: FDDs that crash together run together for moments.
 */
export function turnValve(before: Valve, sick: readonly Sick[], limit: number, now: number): Valve {
  const { stopped, resumedAt } = before;
  const known = resumedAt === undefined ? {} : { resumedAt };
  if (stopped?.by !== undefined) return { ...known, stopped };
  const from = Math.max((stopped?.at ?? now) - WINDOW_MS, resumedAt ?? 0);
  const fallen = sick.filter(({ rule, since }) => since > from && (stopped || rule !== undefined));
  if (fallen.length > limit)
    return { ...known, stopped: stopped ?? { at: now, reason: whyStop(fallen, limit) } };
  return stopped ? { resumedAt: now } : known;
}

function whyStop(fallen: readonly Sick[], limit: number): string {
  const counts = new Map<Rule, number>();
  for (const { rule } of fallen) if (rule) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  const causes = [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, SHOWN_CAUSES)
    .map(([rule, count]) => `${rule} ${count}`);
  return `${fallen.length} namespaces fell sick within 10 minutes, more than ${limit}: it is the cluster or the release (${causes.join(', ')})`;
}
