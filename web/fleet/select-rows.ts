import type { FleetRow, Health } from '../../shared/domain/fleet-row.ts';
import type { StatusValue } from '../../shared/domain/status.ts';
import { HEALTHS, NONE, type Selection, type SortKey, STATUSES } from './selection.ts';

export interface Option {
  readonly value: string;
  readonly count: number;
}

/** What each filter could be set to, with the number of rows that would then be shown; the other filters stay. */
export interface Facets {
  readonly status: readonly Option[];
  readonly channel: readonly Option[];
  readonly version: readonly Option[];
}

export interface Selected {
  readonly rows: readonly FleetRow[];
  readonly facets: Facets;
}

/** Filters and sorts. Rows come by name, and rows that compare equal stay so. */
export function selectRows(rows: readonly FleetRow[], selection: Selection): Selected {
  const words = wordsOf(selection.search);
  const counts = {
    status: new Map<string, number>(),
    channel: new Map<string, number>(),
    version: new Map<string, number>(),
  };
  const shown: FleetRow[] = [];
  for (const row of rows) {
    if (!passesRest(row, selection, words)) continue;
    const misses = FACETS.filter((facet) => !passesFacet(row, selection, facet));
    if (misses.length === 0) shown.push(row);
    // A row counts for a filter when only that filter hides it.
    for (const facet of FACETS) {
      if (misses.length > 1 || (misses.length === 1 && misses[0] !== facet)) continue;
      const value = facetOf(row, facet);
      counts[facet].set(value, (counts[facet].get(value) ?? 0) + 1);
    }
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

function facetOf(row: FleetRow, facet: Facet): string {
  return row[facet] === '' ? NONE : row[facet];
}

function passesFacet(row: FleetRow, selection: Selection, facet: Facet): boolean {
  return selection[facet] === '' || facetOf(row, facet) === selection[facet];
}

function passesRest(row: FleetRow, selection: Selection, words: readonly string[]): boolean {
  if (selection.health.length > 0 && !selection.health.includes(row.health)) return false;
  if (selection.cause !== '' && row.causeGroup !== selection.cause) return false;
  if (selection.rollout !== '' && row.rollout !== selection.rollout) return false;
  return words.length === 0 || words.every((word) => searchTextOf(row).includes(word));
}

function wordsOf(search: string): string[] {
  return search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}

/** Rows are replaced, never changed: what was made of one stays right. */
const searchTexts = new WeakMap<FleetRow, string>();

function searchTextOf(row: FleetRow): string {
  const known = searchTexts.get(row);
  if (known !== undefined) return known;
  const text = [row.namespace, row.cause, row.version, row.wanted, row.detail].join('\n').toLowerCase();
  searchTexts.set(row, text);
  return text;
}

type Compare = (a: FleetRow, b: FleetRow) => number;

const HEALTH_RANK = Object.fromEntries(HEALTHS.map((health, rank) => [health, rank])) as Record<
  Health,
  number
>;
const STATUS_RANK = Object.fromEntries(STATUSES.map((status, rank) => [status, rank])) as Record<
  StatusValue,
  number
>;

const COMPARE: Readonly<Record<SortKey, Compare>> = {
  attention: (a, b) => HEALTH_RANK[a.health] - HEALTH_RANK[b.health],
  namespace: (a, b) => compareText(a.namespace, b.namespace),
  status: (a, b) => STATUS_RANK[a.status] - STATUS_RANK[b.status],
  channel: (a, b) => compareText(a.channel, b.channel),
  version: (a, b) => compareText(a.version, b.version),
  // The latest change first; what nobody knows, last.
  since: (a, b) => (b.since ?? 0) - (a.since ?? 0),
};

function sortRows(rows: FleetRow[], { sort, descending }: Selection): readonly FleetRow[] {
  const compare = COMPARE[sort];
  return rows.sort(descending ? (a, b) => compare(b, a) : compare);
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function byCount(counts: ReadonlyMap<string, number>): Option[] {
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || compareText(a.value, b.value));
}

function toOption(value: string, count = 0): Option[] {
  return count === 0 ? [] : [{ value, count }];
}
