import { FDD } from '../domain/cluster/names.ts';
import type { NamespaceSnapshot } from '../domain/cluster/observed.ts';
import { statusOf } from '../domain/cluster/status.ts';
import { failedReport } from '../domain/cluster/symptoms.ts';
import { causeGroup } from '../domain/fleet/cause-group.ts';
import { type Closure, closureAt } from '../domain/rollout/closure.ts';
import { isWatched, lastBegunWave } from '../domain/rollout/find-failures.ts';
import { isOpen } from '../domain/rollout/rollout.ts';
import { scheduleFor, waitsForNamespaces } from '../domain/rollout/rollout-policy.ts';
import type { DecidedTarget, Situation } from '../domain/rollout/situation.ts';
import { resolveStrategy } from '../domain/rollout/strategy.ts';
import { DEPLOYMENTS } from '../shared/kubernetes/resources.ts';
import { type RawDeployment, toObservedDeployment } from '../shared/kubernetes/to-observed.ts';
import type { KnownRollout } from '../shared/state/rollout-control.ts';
import type { DecideDependencies } from './decide-rollout-job.ts';

/** More namespaces that seem to have fallen back are a matter of the next decision. */
const MAX_CONFIRMED = 50;

/** What a decision is based on: the stored rollout, the policy, and the namespaces as they are now. */
export async function readSituation(
  known: KnownRollout,
  dependencies: DecideDependencies,
): Promise<Situation> {
  const { rollout, status, plans } = known;
  const now = dependencies.state.now();
  const strategy = rollout.strategy ?? resolveStrategy({ type: 'All' }, known.targets.size);
  const policy = dependencies.policy.current();
  const isWaiting = waitsForNamespaces(policy, rollout.trigger);
  const targets = [...known.targets].map(([namespace, target]): DecidedTarget => {
    const { wave = 0, order = 0, admittedAt, isExcused } = plans.get(namespace) ?? {};
    const { state, finishedAt, reason = '' } = target;
    // A target that is retried while its run continues is admitted later than it started.
    const startedAt = target.startedAt && Math.max(target.startedAt, admittedAt ?? 0);
    const cause = target.cause ?? causeGroup(reason, namespace);
    const isHeldBack = isWaiting && admittedAt === undefined && isOpen(state);
    const closure = isHeldBack ? namespaceClosure(namespace, dependencies.cluster, now) : undefined;
    return {
      namespace,
      state,
      startedAt,
      finishedAt,
      wave,
      order,
      admittedAt,
      isExcused,
      cause,
      isHealthyNow: true,
      closure,
    };
  });
  const closure = closureAt(scheduleFor(policy, rollout.trigger), now);
  const situation = { rollout: { ...status, id: rollout.id }, targets, strategy, now, closure };
  const fallen = await findFallen(situation, dependencies);
  if (fallen.size === 0) return situation;
  const judged = targets.map((target) => ({ ...target, isHealthyNow: !fallen.has(target.namespace) }));
  return { ...situation, targets: judged };
}

function namespaceClosure(
  namespace: string,
  cluster: DecideDependencies['cluster'],
  now: number,
): Closure | undefined {
  const { config } = cluster.snapshot(namespace);
  const windows = config?.ok ? config.value.rollout?.window : undefined;
  return windows && closureAt({ windows }, now);
}

/** The namespaces that were verified and are not healthy any more. */
async function findFallen(
  situation: Situation,
  dependencies: DecideDependencies,
): Promise<ReadonlySet<string>> {
  const { cluster, state } = dependencies;
  const lastBegun = lastBegunWave(situation.targets);
  const suspects = situation.targets
    .filter((target) => isWatched(target, situation, lastBegun))
    .map(({ namespace }) => namespace)
    .filter((namespace) => hasFallenBack(cluster.snapshot(namespace)))
    .slice(0, MAX_CONFIRMED);
  if (suspects.length === 0) return new Set();
  const records = await state.records(suspects);
  const own = suspects.filter((namespace) => records.get(namespace)?.rolloutId === situation.rollout.id);
  const confirmed = await Promise.all(own.map((namespace) => isConfirmed(namespace, dependencies)));
  return new Set(own.filter((_, index) => confirmed[index]));
}

/** A namespace that has left the fleet, or that Helm manages now, says nothing about the release. */
function hasFallenBack(snapshot: NamespaceSnapshot): boolean {
  if (!snapshot.config?.ok) return false;
  const { status } = statusOf(snapshot);
  return (
    status === 'NOT_FOUND' ||
    status === 'UNAVAILABLE' ||
    status === 'FAILED' ||
    failedReport(snapshot) !== undefined
  );
}

/** The watch can show what was there before the verification. */
async function isConfirmed(
  namespace: string,
  { cluster, client }: Pick<DecideDependencies, 'cluster' | 'client'>,
): Promise<boolean> {
  const raw = await client.get<RawDeployment>(DEPLOYMENTS, { namespace, name: FDD });
  return hasFallenBack({ ...cluster.snapshot(namespace), deployment: raw && toObservedDeployment(raw) });
}
