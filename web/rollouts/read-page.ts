import { batch } from '@preact/signals';
import type { RolloutView } from '../../domain/rollout/rollout-view.ts';
import { failuresOf } from './failures-of.ts';
import type { RolloutStore } from './rollout-store.ts';

export interface RolloutReads {
  readonly rollout: () => Promise<RolloutView>;
  readonly failed: () => Promise<RolloutView['targets']>;
}

/** Shows the rollout and its failures together, or neither: the next reading then finds the same difference. */
export async function readPage(
  store: Pick<RolloutStore, 'rollout' | 'failures'>,
  reads: RolloutReads,
): Promise<void> {
  const before = store.rollout.peek();
  const latest = await reads.rollout();
  const isNews = latest.counts.failed !== before.counts.failed;
  const failed = isNews && latest.counts.failed !== 0 ? await reads.failed() : [];
  batch(() => {
    store.rollout.value = latest;
    if (isNews) store.failures.value = failuresOf(failed);
  });
}
