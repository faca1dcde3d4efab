import { STATUSES } from '../../domain/cluster/status.ts';
import { compareText } from '../../domain/fleet/compare-text.ts';
import { type FleetRow, HEALTHS } from '../../domain/fleet/fleet-row.ts';
import { searchWords } from '../../domain/fleet/search-words.ts';
import { NONE, type Selection, type SortKey } from './selection.ts';

export interface Option {
  readonly value: string;
  readonly count: number;
}

/** The options of each filter, with the number of rows that each would show; the other filters stay. */
export interface Facets {
  readonly status: readonly Option[];
  readonly channel: readonly Option[];
  readonly version: readonly Option[];
}

export interface Selected {
  readonly rows: readonly FleetRow[];
  readonly facets: Facets;
}

/** Filters and sorts. Rows arrive sorted by name, and rows that compare equal keep that order. */
export function selectRows(rows: readonly FleetRow[], selection: Selection): Selected {
  const words = searchWords(selection.search);
  const counts = {
    status: new Map<string, number>(),
    channel: new Map<string, number>(),
    version: new Map<string, number>(),
  };
  const shown: FleetRow[] = [];
  for (const row of rows) {
    if (!passesRest(row, selection, words)) continue;
    let missed = 0;
    let missedBy: Facet = 'status';
    for (const facet of FACETS) {
      if (passesFacet(row, selection, facet)) continue;
      missed += 1;
      missedBy = facet;
    }
    // A row counts for a filter if only that filter hides it.
    if (missed === 1) countOne(counts[missedBy], facetOf(row, missedBy));
    if (missed > 0) continue;
    shown.push(row);
    for (const facet of FACETS) countOne(counts[facet], facetOf(row, facet));
  }
  return {
    rows: sortRows(shown, selection),
    facets: {
      status: STATUSES.flatMap((value) => toOption(value, counts.status.get(value))),
      channel: byCount(counts.channel),
      version: byCount(counts.version),
    },
  };
}

type Facet = keyof Facets;
const FACETS: readonly Facet[] = ['status', 'channel', 'version'];

/** "By version" means the running version, which the panel "Versions" counts, too. */
function facetOf(row: FleetRow, facet: Facet): string {
  return (facet === 'version' ? row.running : row[facet]) || NONE;
}

function passesFacet(row: FleetRow, selection: Selection, facet: Facet): boolean {
  return selection[facet] === '' || facetOf(row, facet) === selection[facet];
}

function countOne(counts: Map<string, number>, value: string): void {
  counts.set(value, (counts.get(value) ?? 0) + 1);
}

function passesRest(row: FleetRow, selection: Selection, words: readonly string[]): boolean {
  if (selection.health.length > 0 && !selection.health.includes(row.health)) return false;
  if (selection.cause !== '' && row.causeGroup !== selection.cause) return false;
  if (selection.rollout !== '' && row.rollout !== selection.rollout) return false;
  return words.length === 0 || words.every((word) => searchTextOf(row).includes(word));
}

/** Rows are replaced, never changed, so that a cached text stays valid. */
const searchTexts = new WeakMap<FleetRow, string>();

function searchTextOf(row: FleetRow): string {
  const known = searchTexts.get(row);
  if (known !== undefined) return known;
  const text = [row.namespace, row.cause, row.version, row.wanted, row.detail].join('\n').toLowerCase();
  searchTexts.set(row, text);
  return text;
}

type Compare = (a: FleetRow, b: FleetRow) => number;
type Rank = (row: FleetRow) => number;

const HEALTH_RANK = ranksOf(HEALTHS);
const STATUS_RANK = ranksOf(STATUSES);

const ORDERS: Readonly<Record<SortKey, { readonly rank: Rank } | { readonly compare: Compare }>> = {
  attention: { rank: (row) => HEALTH_RANK[row.health] },
  status: { rank: (row) => STATUS_RANK[row.status] },
  namespace: { compare: (a, b) => compareText(a.namespace, b.namespace) },
  channel: { compare: (a, b) => compareText(a.channel, b.channel) },
  version: { compare: (a, b) => compareText(a.version, b.version) },
  // Latest change first; unknown last.
  since: { compare: (a, b) => (b.since ?? 0) - (a.since ?? 0) },
};

function sortRows(rows: FleetRow[], { sort, descending }: Selection): readonly FleetRow[] {
  const order = ORDERS[sort];
  if ('rank' in order) return sortByRank(rows, order.rank, descending);
  const { compare } = order;
  return rows.sort(descending ? (a, b) => compare(b, a) : compare);
}

/** The default order is computed at every change of the fleet: bucketing costs a tenth of comparing. */
function sortByRank(rows: readonly FleetRow[], rank: Rank, descending: boolean): FleetRow[] {
  const byRank: FleetRow[][] = [];
  for (const row of rows) {
    const place = rank(row);
    byRank[place] ??= [];
    byRank[place].push(row);
  }
  return (descending ? byRank.reverse() : byRank).flat();
}

function ranksOf<Value extends string>(values: readonly Value[]): Readonly<Record<Value, number>> {
  return Object.fromEntries(values.map((value, rank) => [value, rank])) as Record<Value, number>;
}

function byCount(counts: ReadonlyMap<string, number>): Option[] {
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || compareText(a.value, b.value));
}

function toOption(value: string, count = 0): Option[] {
  return count === 0 ? [] : [{ value, count }];
}
