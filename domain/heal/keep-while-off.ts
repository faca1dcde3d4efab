import { isWellAgain } from './describe-healing.ts';
import { recentSteps } from './heal-steps.ts';
import type { NamespaceHealing } from './healing.ts';

/**
 * What is remembered while healing is off, so that switching it off and on frees no place of the cap and ends no quarantine;
 * undefined if nothing. What else was known is not kept current, so it would only mislead.
 */
export function keepWhileOff(healing: NamespaceHealing, now: number): NamespaceHealing | undefined {
  const { since, ladderSince, wellSince, comebacks, wanted, isReported, quarantine } = healing;
  const steps = quarantine ? healing.steps : recentSteps(healing.steps, now);
  if (!quarantine && steps.length === 0) return undefined;
  const isWell = !quarantine && isWellAgain(healing);
  return {
    state: quarantine ? 'quarantined' : isWell ? 'watching' : 'left-alone',
    reason: quarantine?.reason ?? 'healing is off',
    findings: [],
    since,
    ...(isWell && { wellSince }),
    ...(ladderSince && { ladderSince }),
    ...(comebacks && { comebacks }),
    ...(wanted && { wanted }),
    ...(isReported && { isReported }),
    ...(quarantine && { quarantine }),
    steps,
  };
}
