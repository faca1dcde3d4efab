import type { NamespaceStatus } from '../domain/cluster/status.ts';
import { describeRetry } from '../domain/explain/describe-retry.ts';
import type { StatusRow } from '../domain/fleet/status-row.ts';
import type { NamespaceRecord } from '../domain/rollout/namespace-record.ts';
import { countTargets, type Rollout, type RolloutTarget } from '../domain/rollout/rollout.ts';
import { type RolloutStatus, shownState, type TargetPlan } from '../domain/rollout/rollout-status.ts';
import type { RolloutView } from '../domain/rollout/rollout-view.ts';
import { DEPLOY_QUEUE } from '../shared/queues.ts';
import type { CountedRollout } from '../shared/state/rollouts.ts';

/** Stored data in the shape that the API returns. */

export function rolloutView(
  rollout: Rollout,
  targets: ReadonlyMap<string, RolloutTarget>,
  base: string,
  status?: RolloutStatus,
): RolloutView {
  return {
    ...rolloutHead({ rollout, counts: countTargets(targets.values()), status }, base),
    targets: [...targets].map(([namespace, target]) => targetView({ namespace, target }, base)),
  };
}

/** A rollout without its targets. */
export function rolloutHead(
  { rollout, counts, status }: CountedRollout,
  base: string,
): Omit<RolloutView, 'targets'> {
  return {
    ...rollout,
    releases: [...rollout.releases],
    state: shownState(rollout, counts, status),
    counts,
    ...(status === undefined ? {} : describeStatus(status)),
    links: { self: rolloutLink(rollout.id, base), board: `${base}/queues` },
  };
}

function describeStatus({ reason, because, changedAt, endedAt, failures, approvedWave }: RolloutStatus) {
  return { stateReason: reason, because, changedAt, endedAt, failures, approvedWave };
}

/** A target with what is stored beside it. */
interface ShownTarget {
  readonly namespace: string;
  readonly target: RolloutTarget;
  readonly plan?: TargetPlan | undefined;
  readonly previousVersion?: string | undefined;
}

export function targetView(
  { namespace, target, plan, previousVersion }: ShownTarget,
  base: string,
): RolloutView['targets'][number] {
  const { details, warnings, ...rest } = target;
  return {
    namespace,
    ...rest,
    reason: reasonOfTarget(target),
    ...(details === undefined ? {} : { details: [...details] }),
    ...(warnings === undefined ? {} : { warnings: [...warnings] }),
    ...(plan === undefined ? {} : describePlan(plan)),
    ...(previousVersion === undefined ? {} : { previousVersion }),
    links: {
      namespace: `${base}/api/namespaces/${namespace}`,
      ...(target.jobId === undefined ? {} : { job: jobLink(target.jobId, base) }),
    },
  };
}

function describePlan({ wave, order, because, admittedAt, isExcused }: TargetPlan) {
  return { wave, order, ...(because === '' ? {} : { because }), admittedAt, isExcused };
}

function reasonOfTarget({ state, code, reason = '', attempt = 0, retryAt }: RolloutTarget): string {
  if (state !== 'running' || code === undefined) return reason;
  return describeRetry({ attempt, code, message: reason, waitMs: untilTime(retryAt) });
}

export function statusRow(status: NamespaceStatus, record: NamespaceRecord | undefined): StatusRow {
  if (!record) return status;
  return {
    ...status,
    state: record.state,
    phase: record.phase,
    reason: reasonOfRecord(record),
    attempt: record.attempt,
    rollout: record.rolloutId,
    jobId: record.jobId,
    changedAt: record.changedAt,
  };
}

function reasonOfRecord({ phase, reason, attempt, lastCode, retryAt }: NamespaceRecord): string {
  if (phase !== 'backoff') return reason;
  return describeRetry({ attempt, code: lastCode, message: reason, waitMs: untilTime(retryAt) });
}

function untilTime(at: number | undefined): number | undefined {
  return at === undefined ? undefined : at - Date.now();
}

export function rolloutLink(id: string, base: string): string {
  return `${base}/api/rollouts/${id}`;
}

export function jobLink(jobId: string, base: string): string {
  return `${base}/queues/queue/${DEPLOY_QUEUE}/${encodeURIComponent(jobId)}`;
}
