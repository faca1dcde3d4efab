import type { RolloutProgress } from '../../domain/fleet/fleet-summary.ts';
import { isOpen, type TargetCounts, type TargetState } from '../../domain/rollout/rollout.ts';
import { number } from './words.ts';

const MOST_SHOWN = 3;

/** Colour and word of each state, in the order of the bar. */
const SEGMENTS: readonly (readonly [TargetState, className: string, word: string])[] = [
  ['completed', 'healthy', 'done'],
  ['failed', 'degraded', 'failed'],
  ['running', 'progressing', 'running'],
  ['paused', 'outdated', 'paused'],
  ['cancelled', 'unmanaged', 'cancelled'],
  ['superseded', 'unmanaged', 'superseded'],
  ['pending', 'waiting', 'waiting'],
];

export function isCurrent({ state }: Pick<RolloutProgress, 'state'>): boolean {
  return isOpen(state);
}

/** Those in progress, or else the latest one. */
export function shownRollouts(rollouts: readonly RolloutProgress[]): readonly RolloutProgress[] {
  const current = rollouts.filter(isCurrent);
  return current.length > 0 ? current.slice(0, MOST_SHOWN) : rollouts.slice(0, 1);
}

export function progressOf(counts: TargetCounts) {
  const total = SEGMENTS.reduce((sum, [state]) => sum + counts[state], 0);
  const present = SEGMENTS.filter(([state]) => counts[state] > 0);
  return {
    total,
    parts: present.map(([state, className]) => ({
      key: state,
      count: counts[state],
      className: `fill ${className}`,
    })),
    inWords: present.map(([state, , word]) => `${number(counts[state])} ${word}`).join(' · '),
  };
}
