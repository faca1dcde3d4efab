import type { NewerReleaseMode } from './resolved-strategy.ts';
import { isOpen, type TargetState } from './rollout.ts';
import { type DecidedTarget, isHeldBack } from './situation.ts';

/** What becomes of a rollout whose channel has a newer release, and when the newer one begins. */
export interface Replacement {
  /** Targets that the older rollout never reaches: they go directly to the newer release. */
  readonly supersede: readonly string[];
  /** The new state of the older rollout; left out if it stays as it is. */
  readonly state?: Extract<TargetState, 'superseded'>;
  readonly newer: 'begins' | 'waits for the end' | 'waits for an operator';
  readonly because: string;
}

/**
 * With `replace`, what the older rollout has admitted ends as usual, or is superseded when the newer one admits it. The
 * newer one has all its targets and its own canary.
 */
export function replaceRollout(
  mode: NewerReleaseMode,
  { id, state }: { readonly id: string; readonly state: TargetState },
  targets: readonly DecidedTarget[],
): Replacement {
  const held = targets.filter(isHeldBack).map(({ namespace }) => namespace);
  if (!isOpen(state)) return { supersede: [], newer: 'begins', because: `rollout ${id} is ${state}` };
  if (mode === 'replace') return replace(id, held, targets.length);
  const left = `rollout ${id} is ${state}, and holds back ${held.length} of ${targets.length} targets`;
  if (mode === 'finish') {
    const advice = state === 'paused' ? '; resume or cancel it' : '';
    return { supersede: [], newer: 'waits for the end', because: `${left}: it finishes first${advice}` };
  }
  return { supersede: [], newer: 'waits for an operator', because: `${left}: cancel it, or let it finish` };
}

function replace(id: string, supersede: readonly string[], total: number): Replacement {
  const because = `a newer release replaces rollout ${id}: ${supersede.length} of ${total} targets go directly to it`;
  return { supersede, state: 'superseded', newer: 'begins', because };
}
