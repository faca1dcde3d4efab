import type { FleetRow } from '../../domain/fleet/fleet-row.ts';
import type { FleetSummary } from '../../domain/fleet/fleet-summary.ts';
import { type FleetList, type Item, listFleet } from './fleet-list.ts';
import type { Selection } from './selection.ts';

/** Lines that the server renders; the rest comes from the feed. */
export const FIRST_LINES = 50;

/** The first paint, made by the server and hydrated by the browser: both render the same from it. */
export interface FleetPageState {
  /** The server's clock. */
  readonly now: number;
  readonly summary: FleetSummary;
  readonly selection: Selection;
  readonly items: readonly Item[];
  readonly facets: FleetList['facets'];
  /** Number of all selected namespaces. */
  readonly matched: number;
  readonly lines: number;
  /** The cluster has been read: an empty list means an empty fleet. */
  readonly isRead: boolean;
  readonly workerUrl: string;
  readonly environmentLabel?: string | undefined;
}

export function firstPaint(
  rows: readonly FleetRow[],
  selection: Selection,
  rest: Pick<FleetPageState, 'now' | 'summary' | 'isRead' | 'workerUrl' | 'environmentLabel'>,
): FleetPageState {
  const { items, facets, namespaces } = listFleet(rows, selection);
  return {
    ...rest,
    selection,
    items: items.slice(0, FIRST_LINES),
    facets,
    matched: namespaces.length,
    lines: items.length,
  };
}
