import type { ObservedDeployment } from '../domain/cluster/observed.ts';
import { reviewTarget } from '../domain/deploy/review-target.ts';
import { whyHeld } from '../domain/deploy/what-holds.ts';
import type { Hold } from '../domain/rollout/hold.ts';
import { isByPeople, type Rollout } from '../domain/rollout/rollout.ts';
import type { TargetPlan } from '../domain/rollout/rollout-status.ts';
import type { KnownRollout, TargetEnding } from '../shared/state/rollout-control.ts';
import type { DecideDependencies } from './decide-rollout-job.ts';

/** The targets that leave before they are admitted, and those that get another plan. */
export interface Reviewed {
  readonly ends: readonly TargetEnding[];
  readonly plans: Readonly<Record<string, TargetPlan>>;
}

/** A namespace can be named in a request before the watch shows it. */
const WATCH_LAG_MS = 10_000;

/** Looks at namespaces again just before they are admitted. */
export async function reviewTargets(
  { rollout, plans }: KnownRollout,
  namespaces: readonly string[],
  { cluster, state }: Pick<DecideDependencies, 'cluster' | 'state'>,
): Promise<Reviewed> {
  // A person who names a namespace knows that it is held.
  const isHoldable = namespaces.length > 0 && !isByPeople(rollout.trigger);
  const holds = isHoldable ? await state.holds() : new Map<string, Hold>();
  const isYoung = state.now() - rollout.createdAt < WATCH_LAG_MS;
  const ends: TargetEnding[] = [];
  const adapted: Record<string, TargetPlan> = {};
  for (const namespace of namespaces) {
    const plan = plans.get(namespace);
    const { config, deployment } = cluster.snapshot(namespace);
    if (plan === undefined || (config === undefined && isYoung)) continue;
    const review = reviewTarget(plan, config, plans.values());
    const annotations = config?.ok && isHoldable ? config.value.rollout : undefined;
    const { version } = review.kind === 'adapt' ? review.plan : plan;
    const held = whyHeld(version, annotations, holds.get(namespace)) ?? whyUnwanted(rollout, deployment);
    const why = review.kind === 'leave' ? undefined : held;
    if (why !== undefined) {
      ends.push({ namespace, state: 'cancelled', reason: `left the rollout: ${why}` });
      continue;
    }
    if (review.kind === 'adapt') adapted[namespace] = review.plan;
    if (review.kind === 'leave') {
      const { state, code, reason } = review;
      ends.push({ namespace, state, code, reason });
    }
  }
  return { ends, plans: adapted };
}

/** Nobody is known to have wanted it switched on again. */
function whyUnwanted({ trigger }: Rollout, deployment: ObservedDeployment | undefined): string | undefined {
  const { switchedOff } = deployment ?? {};
  return trigger === 'unknown' && switchedOff ? `FDD is switched off (${switchedOff.how})` : undefined;
}
