import type { StatusValue } from '../../domain/cluster/status.ts';
import { compareText } from '../../domain/fleet/compare-text.ts';
import { type FleetRow, HEALTHS, type Health } from '../../domain/fleet/fleet-row.ts';
import { searchWords } from '../../domain/fleet/search-words.ts';

/** What a row must be to be shown; an empty list asks for nothing. */
export interface RowFilter {
  readonly namespaces: readonly string[];
  readonly status: readonly StatusValue[];
  readonly health: readonly Health[];
  readonly channel: readonly string[];
  /** All of its words must be somewhere in the row, in any case. */
  readonly search: string;
}

export function isSelected(row: FleetRow, filter: RowFilter): boolean {
  return (
    isAmong(row.namespace, filter.namespaces) &&
    isAmong(row.status, filter.status) &&
    isAmong(row.health, filter.health) &&
    isAmong(row.channel, filter.channel) &&
    hasWords(row, filter.search)
  );
}

/** By name, as kubectl lists. */
export function selectRows(rows: Iterable<FleetRow>, filter: RowFilter): FleetRow[] {
  return [...rows].filter((row) => isSelected(row, filter)).sort(byName);
}

/** What needs attention first, for a screen that has no room for all. */
export function worstFirst(rows: readonly FleetRow[]): FleetRow[] {
  return rows.toSorted((a, b) => HEALTHS.indexOf(a.health) - HEALTHS.indexOf(b.health) || byName(a, b));
}

function isAmong<T>(value: T, wanted: readonly T[]): boolean {
  return wanted.length === 0 || wanted.includes(value);
}

function hasWords(row: FleetRow, search: string): boolean {
  const { namespace, status, health, channel, version, wanted, activity, detail, cause } = row;
  const text = [namespace, status, health, channel, version, wanted, activity, detail, cause]
    .join(' ')
    .toLowerCase();
  return searchWords(search).every((word) => text.includes(word));
}

function byName(a: FleetRow, b: FleetRow): number {
  return compareText(a.namespace, b.namespace);
}
