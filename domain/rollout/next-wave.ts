import { isOpen, type TargetState } from './rollout.ts';

interface WaveTarget {
  readonly state: TargetState;
  readonly wave: number;
  /** Left out while the rollout holds it back. */
  readonly admittedAt?: number | undefined;
}

/** The wave after the last one that has begun, counted from 0; waves of which nothing is left are passed over. */
export function nextWave(targets: Iterable<WaveTarget>): number {
  let begun = -1;
  let waiting = Number.POSITIVE_INFINITY;
  for (const { state, wave, admittedAt } of targets) {
    if (admittedAt !== undefined) begun = Math.max(begun, wave);
    else if (isOpen(state)) waiting = Math.min(waiting, wave);
  }
  return Number.isFinite(waiting) ? Math.max(begun + 1, waiting) : begun + 1;
}
