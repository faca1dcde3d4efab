import { groupFailures } from '../../domain/rollout/group-failures.ts';
import type { FailureGroup } from '../../domain/rollout/rollout-status.ts';
import type { RolloutView } from '../../domain/rollout/rollout-view.ts';
import { viewWaves } from '../../domain/rollout/view-waves.ts';
import type { DesiredState } from '../../shared/state/desired-state.ts';
import { PAGE_SIZE, type TargetSelection } from '../../web/rollouts/target-selection.ts';
import { rolloutView } from '../views.ts';

interface Wanted {
  readonly id: string;
  readonly selection: TargetSelection;
  readonly base: string;
  readonly now: number;
}

interface ShownRollout {
  /** With one page of its targets. */
  readonly rollout: RolloutView;
  readonly failures: readonly FailureGroup[];
}

/** One rollout as its page shows it; undefined if it is not stored. */
export async function readShownRollout(
  state: Pick<DesiredState, 'rollout' | 'knownRollout' | 'rolloutEvents'>,
  { id, selection, base, now }: Wanted,
): Promise<ShownRollout | undefined> {
  const known = await state.knownRollout(id);
  const events = await state.rolloutEvents(id);
  if (known === undefined) return undefined;
  const view = rolloutView(known.rollout, known.targets, base, known.status);
  const plan = (namespace: string) => {
    const { wave, order, because, admittedAt } = known.plans.get(namespace) ?? {};
    return { wave, order, because, admittedAt };
  };
  const planned = view.targets.map((target) => ({ ...target, ...plan(target.namespace) }));
  const wanted = planned.filter(({ state: each }) => selection.state === '' || each === selection.state);
  const first = (selection.page - 1) * PAGE_SIZE;
  return {
    rollout: {
      ...view,
      waves: viewWaves(known, now),
      events,
      targets: wanted.slice(first, first + PAGE_SIZE),
    },
    failures: groupFailures(view.targets.filter(({ state: each }) => each === 'failed')),
  };
}
