import type { KnownRollout, RolloutControl } from '../shared/state/rollout-control.ts';

/** The rollouts that have not ended, whole; one that is removed meanwhile is left out. */
export async function readOpenRollouts(
  state: Pick<RolloutControl, 'openRollouts' | 'knownRollout'>,
): Promise<readonly KnownRollout[]> {
  const rollouts: KnownRollout[] = [];
  for (const id of await state.openRollouts()) {
    const known = await state.knownRollout(id);
    if (known) rollouts.push(known);
  }
  return rollouts;
}
