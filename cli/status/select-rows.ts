import type { StatusValue } from '../../domain/cluster/status.ts';
import { compareText } from '../../domain/fleet/compare-text.ts';
import { type FleetRow, HEALTHS, type Health } from '../../domain/fleet/fleet-row.ts';
import { searchWords } from '../../domain/fleet/search-words.ts';

/** Which rows to show; an empty list matches every row. */
export interface RowFilter {
  readonly namespaces: readonly string[];
  readonly status: readonly StatusValue[];
  readonly health: readonly Health[];
  readonly channel: readonly string[];
  /** The row must contain all of its words; ignores case. */
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

/** By name, like kubectl. */
export function selectRows(rows: Iterable<FleetRow>, filter: RowFilter): FleetRow[] {
  return [...rows].filter((row) => isSelected(row, filter)).sort(byName);
}

/** Worst first, for a screen without room for all. */
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
