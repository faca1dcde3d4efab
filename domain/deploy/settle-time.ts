/** Long enough for an FDD that reacts at once, so that it costs no second activation. */
export const SETTLE_MS = 1_500;
/** Where FDDs take longer anyway, or hang. An FDD that reacts at once is still noticed. */
const SHORT_SETTLE_MS = 200;
/** Below this share of waits that end in place, the settle time is wasted. */
const RARELY = 0.2;
/** Weight of the latest wait. */
const WEIGHT = 0.05;

/** The share of recent waits for FDD that ended without parking: from 0 to 1. */
export type SettledShare = number;

export const ALL_SETTLED: SettledShare = 1;

export function withWait(share: SettledShare, isParked: boolean): SettledShare {
  return share + ((isParked ? 0 : 1) - share) * WEIGHT;
}

/** How long a run waits for FDD before it is parked, in milliseconds. One that resumes was woken because its verdict is due. */
export function settleTime(share: SettledShare, isResumed: boolean): number {
  return isResumed || share < RARELY ? SHORT_SETTLE_MS : SETTLE_MS;
}
