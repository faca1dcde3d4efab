import { type Signal, signal } from '@preact/signals';
import type { HealingList } from '../../domain/heal/healing-view.ts';
import type { Polling } from '../ui/poll.ts';
import type { HealingFilters } from './healing-filters.ts';

/** What the page is rendered from, both on the server and in the browser. */
export interface HealingPageState {
  readonly list: HealingList;
  readonly filters: HealingFilters;
  /** The server's clock. */
  readonly now: number;
  readonly environmentLabel?: string | undefined;
}

/** What the page shows. On the server it never changes. */
export interface HealingStore {
  readonly list: Signal<HealingList>;
  readonly filters: HealingFilters;
  readonly polling: Signal<Polling>;
  /** The server's clock, in milliseconds since the epoch. */
  readonly now: Signal<number>;
  readonly environmentLabel: string | undefined;
}

export function createHealingStore(state: HealingPageState): HealingStore {
  return {
    list: signal(state.list),
    filters: state.filters,
    polling: signal<Polling>({ state: 'rendered' }),
    now: signal(state.now),
    environmentLabel: state.environmentLabel,
  };
}
