import type { HealingStatus } from './healing.ts';

/** The status of healing while no pass is made: it is off, or the first pass has not come. */
export function statusWithoutPass(
  now: number,
  known: Pick<HealingStatus, 'intervalSeconds' | 'fleet'> = { intervalSeconds: 0, fleet: 0 },
): HealingStatus {
  return {
    ...known,
    mode: 'off',
    checkedAt: now,
    sick: 0,
    rules: {},
    isDeafKnown: false,
    cap: { limit: 0, used: 0 },
  };
}
