import { pause } from '../shared/pause.ts';

const POLL_MS = 250;

/** Waits without a limit: a benchmark measures how long it takes. */
export async function until(condition: () => Promise<boolean>, pollMs = POLL_MS): Promise<void> {
  while (!(await condition())) await pause(pollMs);
}
