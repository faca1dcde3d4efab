import { SkipperError } from '../domain/errors.ts';
import { pause } from '../shared/pause.ts';
import type { Epochs } from '../shared/state/epochs.ts';

const POLL_MS = 500;
/** A rebuild takes some seconds. */
const LONGEST_MS = 60_000;

/** Waits until the state is whole: a scheduled job that failed meanwhile would be missed until the next one is due. */
export async function untilWhole(state: Pick<Epochs, 'requireEpoch'>): Promise<void> {
  const deadline = Date.now() + LONGEST_MS;
  for (;;) {
    try {
      return await state.requireEpoch();
    } catch (error) {
      const isPassing = error instanceof SkipperError && error.code === 'redis_unavailable';
      if (!isPassing || Date.now() >= deadline) throw error;
    }
    await pause(POLL_MS);
  }
}
