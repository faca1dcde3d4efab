import { HOUR_MS } from '../time-parts.ts';
import type { HealMode } from './healing.ts';

export interface HealSettings {
  readonly mode: HealMode;
  /** The grace before the first step, the first wait between two steps, and the time after which it counts as well. */
  readonly backoffMs: number;
  /** Namespaces that are healed within an hour: a number, or a percentage of the fleet. */
  readonly hourlyCap: string;
  /** Healing stops if more fall sick within 10 minutes: a number, or a percentage of the fleet. */
  readonly stopShare: string;
  readonly healsScaledDown: boolean;
  readonly intervalSeconds: number;
}

const LONGEST_WAIT = 60;
/** So many of the longest waits. */
const MEMORY = 2;

/** How long a namespace is left after so many steps: 1, 2, 4, … times the backoff, at most 60 times. */
export function waitAfterSteps(steps: number, backoffMs: number): number {
  return Math.min(backoffMs * 2 ** Math.max(0, steps - 1), longestWait(backoffMs));
}

export function longestWait(backoffMs: number): number {
  return backoffMs * LONGEST_WAIT;
}

/** For so long after it has recovered, the steps of a namespace are remembered. The cap needs those of the last hour. */
export function memoryTime(backoffMs: number): number {
  return Math.max(HOUR_MS, MEMORY * longestWait(backoffMs));
}
