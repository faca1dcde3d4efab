import type { Decision } from './decide-rollout.ts';
import { isOpen } from './rollout.ts';
import type { Situation } from './situation.ts';

/** While targets soak, their namespaces are looked at this often. */
const SOAK_CHECK_MS = 2_000;
/** The policy, or an annotation, can change before a window opens; and a time without workers is noticed. */
const LONGEST_WAIT_MS = 30_000;

/** When to decide again at the latest, in milliseconds since the epoch; undefined if only an event can change anything. */
export function nextCheck(
  { change, wakeAt: decided }: Decision,
  { rollout, targets, strategy, now }: Situation,
): number | undefined {
  if (!isOpen(change?.state ?? rollout.state)) return undefined;
  const wakeAt = decided && Math.min(decided, now + LONGEST_WAIT_MS);
  const soaks =
    strategy.minSuccessMs > 0 &&
    targets.some(
      ({ state, finishedAt = 0 }) => state === 'completed' && finishedAt + strategy.minSuccessMs > now,
    );
  if (!soaks) return wakeAt;
  return Math.min(wakeAt ?? Number.POSITIVE_INFINITY, now + SOAK_CHECK_MS);
}
