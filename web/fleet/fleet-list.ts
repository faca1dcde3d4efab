import type { FleetRow, Health } from '../../domain/fleet/fleet-row.ts';
import { HEALTHS } from '../../domain/fleet/fleet-row.ts';
import { type Facets, selectRows } from './select-rows.ts';
import type { Selection } from './selection.ts';

/** Namespaces that fail for the same reason. */
export interface CauseGroup {
  /** The rows' causeGroup; '' for rows without a cause. */
  readonly cause: string;
  readonly namespaces: readonly string[];
  /** The worst of its namespaces. */
  readonly health: Health;
}

/** One line of the list. */
export type Item =
  | { readonly kind: 'row'; readonly row: FleetRow }
  | { readonly kind: 'group'; readonly group: Omit<CauseGroup, 'namespaces'>; readonly size: number };

export interface FleetList {
  readonly items: readonly Item[];
  /** Every selected namespace, including those of folded groups, in the order shown. */
  readonly namespaces: readonly string[];
  readonly groups: readonly CauseGroup[];
  readonly facets: Facets;
}

/** The list as it is shown: rows, or groups with the rows of the unfolded ones. */
export function listFleet(
  rows: readonly FleetRow[],
  selection: Selection,
  unfolded: ReadonlySet<string> = new Set(),
): FleetList {
  const selected = selectRows(rows, selection);
  const namespaces = selected.rows.map((row) => row.namespace);
  const { facets } = selected;
  if (!selection.grouped) {
    return { items: selected.rows.map((row) => ({ kind: 'row', row })), namespaces, groups: [], facets };
  }
  const groups = groupByCause(selected.rows);
  const items = groups.flatMap(({ rows: members, ...group }): Item[] => [
    { kind: 'group', group: { cause: group.cause, health: group.health }, size: members.length },
    ...(unfolded.has(group.cause) ? members.map((row): Item => ({ kind: 'row', row })) : []),
  ]);
  return { items, namespaces, groups: groups.map(({ rows: _, ...group }) => group), facets };
}

/** Worst first, then largest; those without a cause at the end. */
function groupByCause(rows: readonly FleetRow[]): (CauseGroup & { readonly rows: readonly FleetRow[] })[] {
  const byCause = new Map<string, FleetRow[]>();
  for (const row of rows) {
    const known = byCause.get(row.causeGroup);
    if (known) known.push(row);
    else byCause.set(row.causeGroup, [row]);
  }
  return [...byCause]
    .map(([cause, members]) => ({
      cause,
      namespaces: members.map((row) => row.namespace),
      health: worstOf(members),
      rows: members,
    }))
    .sort(
      (a, b) =>
        Number(a.cause === '') - Number(b.cause === '') ||
        HEALTHS.indexOf(a.health) - HEALTHS.indexOf(b.health) ||
        b.rows.length - a.rows.length,
    );
}

function worstOf(rows: readonly FleetRow[]): Health {
  return HEALTHS.find((health) => rows.some((row) => row.health === health)) ?? 'healthy';
}

/** The same lines with their current rows, so that nothing moves under a pointer; deleted rows are dropped. */
export function refreshItems(
  items: readonly Item[],
  rowOf: (namespace: string) => FleetRow | undefined,
): Item[] {
  const refreshed: Item[] = [];
  for (const item of items) {
    const row = item.kind === 'row' ? rowOf(item.row.namespace) : undefined;
    if (item.kind === 'group' || row === item.row) refreshed.push(item);
    else if (row) refreshed.push({ kind: 'row', row });
  }
  return refreshed;
}
