import type { StatusValue } from '../../domain/cluster/status.ts';
import type { FleetRow, Health } from '../../domain/fleet/fleet-row.ts';

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

const URGENCY: readonly Health[] = ['degraded', 'progressing', 'outdated', 'unmanaged', 'healthy'];

/** What needs eyes first, for where only a screenful fits. */
export function worstFirst(rows: readonly FleetRow[]): FleetRow[] {
  return rows.toSorted((a, b) => URGENCY.indexOf(a.health) - URGENCY.indexOf(b.health) || byName(a, b));
}

function isAmong<T>(value: T, wanted: readonly T[]): boolean {
  return wanted.length === 0 || wanted.includes(value);
}

function hasWords(row: FleetRow, search: string): boolean {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const { namespace, status, health, channel, version, wanted, activity, detail, cause } = row;
  const text = [namespace, status, health, channel, version, wanted, activity, detail, cause]
    .join(' ')
    .toLowerCase();
  return words.every((word) => text.includes(word));
}

function byName(a: FleetRow, b: FleetRow): number {
  return a.namespace < b.namespace ? -1 : Number(a.namespace > b.namespace);
}
