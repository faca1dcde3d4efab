import { SkipperError } from '../domain/errors.ts';
import { pause } from '../shared/pause.ts';
import type { Epochs } from '../shared/state/epochs.ts';

const POLL_MS = 500;
/** A rebuild takes some seconds. */
const LONGEST_MS = 60_000;

/** Waits until the state is whole: a scheduled job that failed meanwhile would be missed until the next one is due. */
export async function untilWhole(state: Pick<Epochs, 'epoch' | 'requireEpoch'>): Promise<void> {
  const deadline = Date.now() + LONGEST_MS;
  while ((await state.epoch().catch(unlessAway)) === undefined && Date.now() < deadline) await pause(POLL_MS);
  await state.requireEpoch();
}

function unlessAway(error: unknown): undefined {
  if (error instanceof SkipperError && error.code === 'redis_unavailable') return undefined;
  throw error;
}
