import type { Condition, DeploymentStatus } from './kubernetes-objects.ts';
import { timestamp } from './pod-status.ts';

export interface RolloutCounts {
  readonly generation: number;
  readonly desired: number;
  readonly replicas: number;
  readonly updated: number;
  readonly ready: number;
  readonly deadlineExceeded: boolean;
  /** Why pods cannot be made. */
  readonly createFailure: string | undefined;
}

/** The status that a deployment controller writes, with Kubernetes' habit of leaving zeros out (null removes them). */
export function deploymentStatus(counts: RolloutCounts, name: string): Record<string, unknown> {
  const { generation, desired, replicas, updated, ready } = counts;
  return {
    observedGeneration: generation,
    replicas: orNull(replicas),
    updatedReplicas: orNull(updated),
    readyReplicas: orNull(ready),
    availableReplicas: orNull(ready),
    unavailableReplicas: orNull(Math.max(0, desired - ready)),
    conditions: [availability(counts), progress(counts, name), ...replicaFailure(counts)],
  };
}

/** True when the server's copy says all of this already. */
export function saysAlready(status: DeploymentStatus | undefined, wanted: Record<string, unknown>): boolean {
  return digest({ ...status }) === digest(wanted);
}

function digest(status: Record<string, unknown>): string {
  const conditions = (status.conditions ?? []) as readonly Condition[];
  return JSON.stringify([
    status.observedGeneration ?? 0,
    status.replicas ?? 0,
    status.updatedReplicas ?? 0,
    status.readyReplicas ?? 0,
    status.availableReplicas ?? 0,
    status.unavailableReplicas ?? 0,
    conditions.map(({ type, status: value, reason }) => [type, value, reason]),
  ]);
}

/** With maxUnavailable 1 a Deployment of one replica counts as available even when it is not: so it does upstream. */
function availability({ desired, ready }: RolloutCounts): Condition {
  const enough = ready >= desired - 1;
  return condition('Available', enough, `MinimumReplicas${enough ? 'Available' : 'Unavailable'}`, {
    message: `Deployment ${enough ? 'has' : 'does not have'} minimum availability.`,
  });
}

function progress(counts: RolloutCounts, name: string): Condition {
  const complete = isComplete(counts);
  if (complete) {
    return condition('Progressing', true, 'NewReplicaSetAvailable', {
      message: `"${name}" has successfully progressed.`,
    });
  }
  if (counts.deadlineExceeded) {
    return condition('Progressing', false, 'ProgressDeadlineExceeded', {
      message: `"${name}" has timed out progressing.`,
    });
  }
  return condition('Progressing', true, 'ReplicaSetUpdated', { message: `"${name}" is progressing.` });
}

function replicaFailure({ createFailure }: RolloutCounts): readonly Condition[] {
  if (createFailure === undefined) return [];
  return [condition('ReplicaFailure', true, 'FailedCreate', { message: createFailure })];
}

export function isComplete({ desired, replicas, updated, ready }: RolloutCounts): boolean {
  return replicas === desired && updated === desired && ready === desired;
}

function condition(
  type: string,
  holds: boolean,
  reason: string,
  { message }: { message: string },
): Condition {
  const now = timestamp();
  return {
    type,
    status: holds ? 'True' : 'False',
    reason,
    message,
    lastUpdateTime: now,
    lastTransitionTime: now,
  };
}

function orNull(count: number): number | null {
  return count === 0 ? null : count;
}
