import type { NamespaceSnapshot } from '../domain/cluster/observed.ts';
import { isDeploymentIdOf } from '../domain/deploy/deployment-id.ts';
import { SkipperError } from '../domain/errors.ts';
import { healingClosure } from '../domain/heal/healing-closure.ts';
import { whyOutdated } from '../domain/heal/why-outdated.ts';
import type { ClusterCache } from '../shared/kubernetes/cluster-cache.ts';
import type { RolloutPolicySource } from '../shared/rollout-policy-file.ts';
import type { HealingRecords } from '../shared/state/healing.ts';
import type { Holds } from '../shared/state/holds.ts';
import type { RolloutControl } from '../shared/state/rollout-control.ts';
import type { Run } from '../shared/state/runs.ts';

export interface RecheckDependencies {
  readonly cluster: Pick<ClusterCache, 'snapshot'>;
  readonly state: Pick<HealingRecords, 'healingOf' | 'healingStatus'> &
    Pick<Holds, 'holds'> &
    Pick<RolloutControl, 'now'>;
  readonly policy: Pick<RolloutPolicySource, 'current'>;
  readonly healsScaledDown: boolean;
}

/** Throws if the run is a step of healing that has written nothing yet, and is not wanted any more. */
export type RecheckRepair = (namespace: string, run: Run) => Promise<void>;

export function openRecheck(dependencies: RecheckDependencies): RecheckRepair {
  const { cluster, state, policy, healsScaledDown } = dependencies;
  return async (namespace, run) => {
    const { repair, rolloutId, release, generation } = run;
    if (repair === undefined) return;
    const snapshot = cluster.snapshot(namespace);
    if (hasWritten(run, snapshot)) return;
    const [healing, status, holds] = await Promise.all([
      state.healingOf(namespace),
      state.healingStatus(),
      state.holds(),
    ]);
    const now = state.now();
    const limits = {
      snapshot,
      record: { generation },
      hold: holds.get(namespace),
      closure: healingClosure(snapshot, policy.current(), now),
    };
    const hasFailed = run.attempt - run.lost > 1;
    const why = whyOutdated({
      repair,
      rolloutId,
      release,
      hasFailed,
      limits,
      healing,
      status,
      healsScaledDown,
      now,
    });
    if (why !== undefined)
      throw new SkipperError('repair_outdated', `this step of healing waited too long: ${why}`);
  };
}

function hasWritten(
  { appliedAt, resumed, rolloutId }: Run,
  { namespace, application }: NamespaceSnapshot,
): boolean {
  if (appliedAt !== undefined || resumed !== undefined) return true;
  return isDeploymentIdOf(application?.deploymentId ?? '', rolloutId, namespace);
}
