import { fullJitterDelay } from '../deploy/backoff.ts';

const FIRST_MS = 2_000;
const LONGEST_MS = 30 * 60_000;
/** What failed together does not come together again. */
const SPREAD = { baseMs: FIRST_MS / 2, capMs: LONGEST_MS / 2 };

/** With the delays below, about six hours. */
export const DELIVERY_TRIES = 20;

/** 2, 4, 8 s … 30 min, or as long as the receiver asks for, if that is longer; and at random up to a half of the former. */
export function retryDelayMs(failures: number, retryAfterMs = 0, random: () => number = Math.random): number {
  const leastMs = Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS);
  return Math.max(leastMs, retryAfterMs) + fullJitterDelay(failures - 1, SPREAD, random);
}
