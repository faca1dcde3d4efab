import { countTargets, rolloutState, type TargetState } from '../../domain/rollout/rollout.ts';
import type { RolloutView, TargetView } from '../../domain/rollout/rollout-view.ts';

export function makeTarget(
  namespace: string,
  state: TargetState,
  target: Partial<TargetView> = {},
): TargetView {
  return { namespace, state, reason: '', links: {}, ...target };
}

/** A rollout as the API returns it; its state and counts follow from its targets. */
export function makeRollout(targets: readonly TargetView[], rollout: Partial<RolloutView> = {}): RolloutView {
  const counts = countTargets(targets);
  return {
    id: 'r1',
    state: rolloutState(counts),
    trigger: 'api',
    requestedBy: '',
    forceBootstrap: false,
    createdAt: 0,
    releases: [],
    counts,
    targets,
    links: {},
    ...rollout,
  };
}

/** A Progressive strategy with a canary, for four namespaces. */
export const PROGRESSIVE: NonNullable<RolloutView['strategy']> = {
  type: 'Progressive',
  waves: [
    { size: 1, isCanary: true, maxFailures: 0 },
    { size: 1, isCanary: false, maxFailures: 1 },
    { size: 2, isCanary: false, maxFailures: 1 },
  ],
  maxConcurrency: 50,
  maxFailures: 1,
  minSuccessMs: 90_000,
  progressDeadlineMs: 300_000,
  approval: false,
};
