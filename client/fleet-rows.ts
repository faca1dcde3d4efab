import type { FleetDocument, RowsEvent } from '../domain/fleet/fleet-feed.ts';
import type { FleetRow } from '../domain/fleet/fleet-row.ts';

/** The rows of the fleet by name. Immutable: every change creates new ones. */
export interface FleetRows {
  readonly position: string;
  readonly rows: ReadonlyMap<string, FleetRow>;
  /** Kept between changes: sorting is expensive, and names rarely change. */
  readonly names: readonly string[];
}

export function fromDocument({ position, rows }: Pick<FleetDocument, 'position' | 'rows'>): FleetRows {
  const byName = new Map(rows.map((row) => [row.namespace, row]));
  return { position, rows: byName, names: [...byName.keys()].sort() };
}

/** The rows after some changes; the later of them wins. */
export function applyRows(state: FleetRows, events: readonly RowsEvent[]): FleetRows {
  const rows = new Map(state.rows);
  let position = state.position;
  let isSameFleet = true;
  for (const event of events) {
    position = event.position;
    for (const row of event.rows) {
      isSameFleet &&= rows.has(row.namespace);
      rows.set(row.namespace, row);
    }
    for (const namespace of event.gone) {
      if (rows.delete(namespace)) isSameFleet = false;
    }
  }
  return { position, rows, names: isSameFleet ? state.names : [...rows.keys()].sort() };
}

/** By name. */
export function rowsOf({ rows, names }: Pick<FleetRows, 'rows' | 'names'>): FleetRow[] {
  const all: FleetRow[] = [];
  for (const name of names) {
    const row = rows.get(name);
    if (row) all.push(row);
  }
  return all;
}
