import type { NamespaceSnapshot } from '../cluster/observed.ts';
import { closureAt } from '../rollout/closure.ts';
import { type RolloutPolicy, scheduleFor, waitsForNamespaces } from '../rollout/rollout-policy.ts';

/** Why healing must not change a namespace now: a freeze, or a window of the fleet or of the namespace. */
export function healingClosure(
  { config }: Pick<NamespaceSnapshot, 'config'>,
  policy: RolloutPolicy,
  now: number,
): string | undefined {
  const own = config?.ok ? config.value.rollout?.window : undefined;
  const isWaiting = own !== undefined && waitsForNamespaces(policy, 'heal');
  return (
    closureAt(scheduleFor(policy, 'heal'), now)?.reason ??
    (isWaiting ? closureAt({ windows: own }, now)?.reason : undefined)
  );
}
