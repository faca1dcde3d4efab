import { recentSteps } from './heal-steps.ts';
import type { NamespaceHealing } from './healing.ts';

/** It is sick for as long as before: namespaces that are released together have not fallen sick together. */
export function endQuarantine(
  {
    quarantine: _quarantine,
    nextAt: _at,
    nextMeans: _means,
    wellSince: _well,
    waitsSince: _waits,
    ...healing
  }: NamespaceHealing,
  now: number,
): NamespaceHealing {
  return beginLadder(healing, now);
}

/**
 * The ladder begins at its first step, also for somebody who changed it back; the steps of the last hour are remembered, for the
 * cap and for the waits.
 */
export function beginLadder(
  { comebacks: _comebacks, wanted: _wanted, ...healing }: NamespaceHealing,
  now: number,
): NamespaceHealing {
  return { ...healing, ladderSince: now, steps: recentSteps(healing.steps, now) };
}
