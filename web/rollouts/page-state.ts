import type { FailureGroup } from '../../domain/rollout/rollout-status.ts';
import type { RolloutList, RolloutView } from '../../domain/rollout/rollout-view.ts';
import type { Held } from './held-api.ts';
import type { RolloutFilters } from './rollout-filters.ts';
import type { TargetSelection } from './target-selection.ts';

/** What the page of a rollout is rendered from, both on the server and in the browser. */
export interface RolloutPageState {
  /** With one page of its targets. */
  readonly rollout: RolloutView;
  /** What has failed until now, grouped by cause. */
  readonly failures: readonly FailureGroup[];
  readonly selection: TargetSelection;
  /** The server's clock. */
  readonly now: number;
  readonly environmentLabel?: string | undefined;
}

/** The same for the list of rollouts. */
export interface RolloutsPageState {
  readonly list: RolloutList;
  readonly held: Held;
  readonly filters: RolloutFilters;
  readonly now: number;
  readonly environmentLabel?: string | undefined;
}
