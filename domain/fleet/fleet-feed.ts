import type { FleetRow } from './fleet-row.ts';
import type { FleetSummary } from './fleet-summary.ts';

/**
 * `GET /api/fleet`: the whole fleet at one moment. The position is `<epoch>.<sequence>`: the epoch names the API process, and
 * the sequence grows with every change it has seen.
 */
export interface FleetDocument {
  readonly position: string;
  /** The server's clock, so that "since" and "in 12 s" are right on a machine whose clock is not. */
  readonly now: number;
  readonly summary: FleetSummary;
  readonly rows: readonly FleetRow[];
}

/**
 * `GET /api/fleet/events?since=<position>`, server-sent events. Each has its position as event id, so a browser that
 * reconnects says by itself where it was (Last-Event-ID).
 * - `reset`: a FleetDocument, where the position is unknown (another API process answers): take it instead of everything.
 * - `rows`: RowsEvent, what has changed since.
 * - `summary`: FleetSummary, when it has changed; at most once a second.
 * - `tick`: TickEvent, every five seconds: whoever hears none for twice as long is cut off.
 */
export interface RowsEvent {
  readonly position: string;
  readonly rows: readonly FleetRow[];
  /** Namespaces that are gone. */
  readonly gone: readonly string[];
}

export interface TickEvent {
  readonly now: number;
}

export const TICK_INTERVAL_MS = 5_000;
