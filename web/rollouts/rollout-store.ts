import { type Signal, signal } from '@preact/signals';
import type { FailureGroup } from '../../domain/rollout/rollout-status.ts';
import type { RolloutList, RolloutView } from '../../domain/rollout/rollout-view.ts';
import type { Polling } from '../ui/poll.ts';
import type { Held } from './held-api.ts';
import type { RolloutPageState, RolloutsPageState } from './page-state.ts';
import type { RolloutFilters } from './rollout-filters.ts';
import type { TargetSelection } from './target-selection.ts';

/** What the page of a rollout shows. On the server it never changes. */
export interface RolloutStore {
  readonly rollout: Signal<RolloutView>;
  readonly failures: Signal<readonly FailureGroup[]>;
  readonly selection: TargetSelection;
  readonly polling: Signal<Polling>;
  /** Namespaces that are checked in the table. */
  readonly checked: Signal<ReadonlySet<string>>;
  /** The server's clock, in milliseconds since the epoch. */
  readonly now: Signal<number>;
  readonly environmentLabel: string | undefined;
}

export function createRolloutStore(state: RolloutPageState): RolloutStore {
  return {
    rollout: signal(state.rollout),
    failures: signal(state.failures),
    selection: state.selection,
    polling: signal<Polling>({ state: 'rendered' }),
    checked: signal<ReadonlySet<string>>(new Set()),
    now: signal(state.now),
    environmentLabel: state.environmentLabel,
  };
}

/** The same for the list of rollouts. */
export interface RolloutsStore extends Pick<RolloutStore, 'polling' | 'now' | 'environmentLabel'> {
  readonly list: Signal<RolloutList>;
  readonly held: Signal<Held>;
  readonly filters: RolloutFilters;
}

export function createRolloutsStore(state: RolloutsPageState): RolloutsStore {
  return {
    list: signal(state.list),
    held: signal(state.held),
    filters: state.filters,
    polling: signal<Polling>({ state: 'rendered' }),
    now: signal(state.now),
    environmentLabel: state.environmentLabel,
  };
}
