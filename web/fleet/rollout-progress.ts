import type { RolloutProgress } from '../../domain/fleet/fleet-summary.ts';
import { keysOf } from '../../domain/keys-of.ts';
import { isOpen, type TargetCounts, type TargetState } from '../../domain/rollout/rollout.ts';
import { number } from './words.ts';

const MOST_SHOWN = 3;

/** Colour and word of each state, in the order of the bar. */
const SEGMENTS: Readonly<Record<TargetState, { readonly className: string; readonly word: string }>> = {
  completed: { className: 'healthy', word: 'done' },
  failed: { className: 'degraded', word: 'failed' },
  running: { className: 'progressing', word: 'running' },
  paused: { className: 'outdated', word: 'paused' },
  cancelled: { className: 'unmanaged', word: 'cancelled' },
  superseded: { className: 'unmanaged', word: 'superseded' },
  pending: { className: 'waiting', word: 'waiting' },
};

export function isCurrent({ state }: Pick<RolloutProgress, 'state'>): boolean {
  return isOpen(state);
}

/** Those in progress, or else the latest one. */
export function shownRollouts(rollouts: readonly RolloutProgress[]): readonly RolloutProgress[] {
  const current = rollouts.filter(isCurrent);
  return current.length > 0 ? current.slice(0, MOST_SHOWN) : rollouts.slice(0, 1);
}

export function progressOf(counts: TargetCounts) {
  const states = keysOf(SEGMENTS);
  const total = states.reduce((sum, state) => sum + counts[state], 0);
  const present = states.filter((state) => counts[state] > 0);
  return {
    total,
    parts: present.map((state) => ({
      key: state,
      count: counts[state],
      className: `fill ${SEGMENTS[state].className}`,
    })),
    inWords: present.map((state) => `${number(counts[state])} ${SEGMENTS[state].word}`).join(' · '),
  };
}
