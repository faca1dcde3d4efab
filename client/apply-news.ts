import type { FleetDocument } from '../domain/fleet/fleet-feed.ts';
import type { FleetSummary } from '../domain/fleet/fleet-summary.ts';
import type { Connection, FleetNews } from './fleet-news.ts';
import { applyRows, type FleetRows, fromDocument } from './fleet-rows.ts';

/** The fleet according to the news, and the state of the connection. */
export interface FleetState extends FleetRows {
  readonly summary: FleetSummary;
  /** The server's clock minus ours, in milliseconds. */
  readonly clockAheadMs: number;
  readonly connection: Connection;
}

/** Applies news to the fleet. `now` is this machine's clock, in milliseconds since the epoch. */
export function applyNews(state: FleetState, news: FleetNews, now: number): FleetState {
  switch (news.kind) {
    case 'document':
      return beginState(news.document, now);
    case 'rows':
      return { ...state, ...applyRows(state, [news.event]) };
    case 'summary':
      return { ...state, summary: news.summary };
    case 'tick':
      return { ...state, clockAheadMs: news.now - now };
    case 'connection':
      return { ...state, connection: news.connection };
  }
}

export function beginState(document: FleetDocument, now: number): FleetState {
  return {
    ...fromDocument(document),
    summary: document.summary,
    clockAheadMs: document.now - now,
    connection: { state: 'live' },
  };
}
