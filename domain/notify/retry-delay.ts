const FIRST_MS = 2_000;
const LONGEST_MS = 30 * 60_000;

/** With the delays below, about six hours. */
export const DELIVERY_TRIES = 22;

/** 2, 4, 8 s … 30 min; as long as the receiver asks for, if that is longer. */
export function retryDelayMs(failures: number, retryAfterMs = 0): number {
  return Math.max(Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS), retryAfterMs);
}
