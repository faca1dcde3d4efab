import { batch, computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Connection, FleetNews } from '../../client/fleet-news.ts';
import { applyRows, type FleetRows, fromDocument, rowsOf } from '../../client/fleet-rows.ts';
import type { RowsEvent } from '../../domain/fleet/fleet-feed.ts';
import type { FleetRow } from '../../domain/fleet/fleet-row.ts';
import type { FleetSummary } from '../../domain/fleet/fleet-summary.ts';
import { type FleetList, type Item, listFleet, refreshItems } from './fleet-list.ts';
import type { FleetPageState } from './page-state.ts';
import type { Selection } from './selection.ts';

export interface ShownList {
  readonly items: readonly Item[];
  readonly facets: FleetList['facets'];
  readonly matched: number;
  /** All lines; `items` can be only the first of them. */
  readonly lines: number;
}

/** Everything that the page shows and remembers. On the server it never changes; in a browser the feed updates it. */
export interface FleetStore {
  readonly selection: Signal<Selection>;
  readonly summary: Signal<FleetSummary>;
  readonly connection: Signal<Connection>;
  /** The server's clock, once a second. */
  readonly now: Signal<number>;
  readonly list: ReadonlySignal<ShownList>;
  /** True from the first full document on. */
  readonly isComplete: ReadonlySignal<boolean>;
  /** False until the API has read the cluster: until then an empty list does not mean an empty fleet. */
  readonly isRead: ReadonlySignal<boolean>;
  /** Causes of the unfolded groups. */
  readonly unfolded: Signal<ReadonlySet<string>>;
  /** Namespaces whose cause is shown in full. */
  readonly expanded: Signal<ReadonlySet<string>>;
  readonly checked: Signal<ReadonlySet<string>>;
  /** The namespace that keyboard shortcuts act on. */
  readonly active: Signal<string>;
  /** While true no line moves: the user is about to click. */
  readonly held: Signal<boolean>;
  readonly environmentLabel: string | undefined;
  row(namespace: string): FleetRow | undefined;
  /** Names of all selected namespaces, including those of folded groups. */
  selected(): readonly string[];
  /** The namespaces of a group. */
  members(cause: string): readonly string[];
  take(news: FleetNews): void;
  /** Applies the changes received since the last call. */
  flush(): void;
  setClock(localNow: number): void;
}

/** `schedule` is called when there is something to flush, so that a burst is rendered once per frame. */
export function createFleetStore(
  initial: FleetPageState,
  schedule: () => void = () => undefined,
): FleetStore {
  const selection = signal(initial.selection);
  const summary = signal(initial.summary);
  const connection = signal<Connection>({ state: 'connecting' });
  const now = signal(initial.now);
  const fleet = signal<FleetRows | undefined>(undefined);
  const unfolded = signal<ReadonlySet<string>>(new Set());
  const held = signal(false);
  let clockOffset = 0;
  let pending: RowsEvent[] = [];

  const full = computed(() =>
    fleet.value ? listFleet(rowsOf(fleet.value), selection.value, unfolded.value) : undefined,
  );
  let last:
    | { readonly items: readonly Item[]; readonly selection: Selection; readonly unfolded: unknown }
    | undefined;
  const list = computed((): ShownList => {
    if (!fleet.value || !full.value) return initial;
    const isHeld =
      held.value &&
      last?.selection === selection.value &&
      last.unfolded === unfolded.value &&
      last.items.length > 0;
    const rows = fleet.value.rows;
    const items = isHeld && last ? refreshItems(last.items, (name) => rows.get(name)) : full.value.items;
    last = { items, selection: selection.value, unfolded: unfolded.value };
    return { items, facets: full.value.facets, matched: full.value.namespaces.length, lines: items.length };
  });

  function take(news: FleetNews): void {
    switch (news.kind) {
      case 'document':
        pending = [];
        batch(() => {
          clockOffset = news.document.now - Date.now();
          now.value = news.document.now;
          fleet.value = fromDocument(news.document);
          summary.value = news.document.summary;
        });
        return;
      case 'rows':
        pending.push(news.event);
        schedule();
        return;
      case 'summary':
        summary.value = news.summary;
        return;
      case 'tick':
        clockOffset = news.now - Date.now();
        return;
      case 'connection':
        connection.value = news.connection;
    }
  }

  function flush(): void {
    if (!fleet.value || pending.length === 0) return;
    const events = pending;
    pending = [];
    fleet.value = applyRows(fleet.value, events);
  }

  return {
    selection,
    summary,
    connection,
    now,
    list,
    isComplete: computed(() => fleet.value !== undefined),
    // An empty fleet with stale data is one that has not been read yet.
    isRead: computed(() => {
      if (!fleet.value) return initial.isRead;
      return fleet.value.rows.size > 0 || summary.value.stale.length === 0;
    }),
    unfolded,
    expanded: signal<ReadonlySet<string>>(new Set()),
    checked: signal<ReadonlySet<string>>(new Set()),
    active: signal(''),
    held,
    environmentLabel: initial.environmentLabel,
    row: (namespace) => fleet.value?.rows.get(namespace),
    selected: () => full.value?.namespaces ?? [],
    members: (cause) => full.value?.groups.find((group) => group.cause === cause)?.namespaces ?? [],
    take,
    flush,
    setClock: (localNow) => {
      now.value = localNow + clockOffset;
    },
  };
}

/** Unchecks namespaces that have left the fleet. */
export function forgetGone(store: FleetStore): () => void {
  return effect(() => {
    if (!store.isComplete.value) return;
    const checked = store.checked.value;
    void store.list.value;
    const left = [...checked].filter((namespace) => store.row(namespace) !== undefined);
    if (left.length < checked.size) store.checked.value = new Set(left);
  });
}

/** The set with the value added, or removed if it was in it. */
export function toggled(set: ReadonlySet<string>, value: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(value)) next.add(value);
  return next;
}
