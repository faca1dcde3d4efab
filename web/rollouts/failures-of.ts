import { causeGroup } from '../../domain/fleet/cause-group.ts';
import { groupFailures } from '../../domain/rollout/group-failures.ts';
import type { RolloutTarget } from '../../domain/rollout/rollout.ts';
import type { FailureGroup } from '../../domain/rollout/rollout-status.ts';

interface NamedTarget extends Pick<RolloutTarget, 'state' | 'reason' | 'cause'> {
  readonly namespace: string;
}

/** What has failed, grouped by cause as the rollout's own decision groups it. */
export function failuresOf(targets: readonly NamedTarget[]): FailureGroup[] {
  return groupFailures(
    targets
      .filter(({ state }) => state === 'failed')
      .map(({ namespace, cause, reason = '' }) => ({
        namespace,
        cause: cause ?? causeGroup(reason, namespace),
      })),
  );
}
