import { MINUTE_MS, SECOND_MS } from '../time-parts.ts';
import type { HealingStatus } from './healing.ts';

/** So many intervals without a pass. */
const MISSED = 3;

/** The latest pass is too old to say what holds now. With `off` no pass is due. */
export function isStalePass(status: HealingStatus | undefined, now: number): boolean {
  if (status === undefined) return true;
  return status.mode !== 'off' && now > staleTime(status);
}

export function staleTime({ checkedAt, intervalSeconds }: HealingStatus): number {
  return checkedAt + Math.max(MISSED * intervalSeconds * SECOND_MS, MINUTE_MS);
}
