import type { FleetDocument, RowsEvent } from '../../domain/fleet/fleet-feed.ts';
import type { FleetRow } from '../../domain/fleet/fleet-row.ts';

/** The fleet as the feed has told it, by name; a new one for every change, so that who holds one sees no other. */
export interface FleetState {
  readonly position: string;
  readonly rows: ReadonlyMap<string, FleetRow>;
  /** Kept between changes, for sorting is dear and names seldom change. */
  readonly names: readonly string[];
}

export function fromDocument({ position, rows }: Pick<FleetDocument, 'position' | 'rows'>): FleetState {
  const byName = new Map(rows.map((row) => [row.namespace, row]));
  return { position, rows: byName, names: [...byName.keys()].sort() };
}

/** What the fleet is after some changes; the later of them wins. */
export function applyRows(state: FleetState, events: readonly RowsEvent[]): FleetState {
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
export function rowsOf({ rows, names }: FleetState): FleetRow[] {
  const all: FleetRow[] = [];
  for (const name of names) {
    const row = rows.get(name);
    if (row) all.push(row);
  }
  return all;
}
