import type { FleetNews } from '../../client/follow-fleet.ts';
import type { FleetDocument } from '../../domain/fleet/fleet-feed.ts';
import type { FleetRow } from '../../domain/fleet/fleet-row.ts';
import type { FleetSummary } from '../../domain/fleet/fleet-summary.ts';

/** The fleet as it was told last. */
export interface FleetState {
  readonly rows: ReadonlyMap<string, FleetRow>;
  readonly summary: FleetSummary;
  /** The server's clock minus ours, in milliseconds. */
  readonly clockAheadMs: number;
  /** Why nothing is heard at the moment. */
  readonly lost: string | undefined;
}

export interface FleetChange {
  readonly state: FleetState;
  readonly changed: readonly FleetRow[];
  readonly gone: readonly string[];
}

export function beginState(document: FleetDocument, now: number): FleetState {
  return {
    rows: byNamespace(document.rows),
    summary: document.summary,
    clockAheadMs: document.now - now,
    lost: undefined,
  };
}

/** What news make of the fleet; after a reset, only what differs counts as changed. */
export function takeNews(state: FleetState, news: FleetNews, now: number): FleetChange {
  const quiet = { changed: [], gone: [] };
  switch (news.kind) {
    case 'fleet': {
      const next = beginState(news.document, now);
      return {
        state: next,
        changed: news.document.rows.filter((row) => !isSame(row, state.rows.get(row.namespace))),
        gone: [...state.rows.keys()].filter((namespace) => !next.rows.has(namespace)),
      };
    }
    case 'rows': {
      const { rows, gone } = news.event;
      const next = new Map(state.rows);
      for (const row of rows) next.set(row.namespace, row);
      for (const namespace of gone) next.delete(namespace);
      return { state: { ...state, rows: next, lost: undefined }, changed: rows, gone };
    }
    case 'summary':
      return { state: { ...state, summary: news.summary, lost: undefined }, ...quiet };
    case 'tick':
      return { state: { ...state, clockAheadMs: news.now - now, lost: undefined }, ...quiet };
    case 'connected':
      return { state: { ...state, lost: undefined }, ...quiet };
    case 'lost':
      return { state: { ...state, lost: news.reason }, ...quiet };
  }
}

function byNamespace(rows: readonly FleetRow[]): Map<string, FleetRow> {
  return new Map(rows.map((row) => [row.namespace, row]));
}

function isSame(a: FleetRow, b: FleetRow | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
