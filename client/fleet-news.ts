import { FleetDocument, RowsEvent, TickEvent } from '../domain/fleet/fleet-feed.ts';
import { FleetSummary } from '../domain/fleet/fleet-summary.ts';
import { parseAnswer } from './parse-answer.ts';
import type { ServerSentEvent } from './server-sent-events.ts';

/** The state of the connection to the API. Times are this machine's, in milliseconds since the epoch. */
export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  | {
      readonly state: 'lost';
      /** When the last data was received: the shown data is from that time. */
      readonly heardAt: number;
      readonly reason: string;
    };

/** What happened to the fleet, or to the connection. */
export type FleetNews =
  /** The whole fleet: it replaces everything. */
  | { readonly kind: 'document'; readonly document: FleetDocument }
  | { readonly kind: 'rows'; readonly event: RowsEvent }
  | { readonly kind: 'summary'; readonly summary: FleetSummary }
  | { readonly kind: 'tick'; readonly now: number }
  | { readonly kind: 'connection'; readonly connection: Connection };

/** Undefined for kinds that a newer API can send. */
export function toNews({ event, data }: ServerSentEvent): FleetNews | undefined {
  const what = `the event "${event}" of GET /api/fleet/events`;
  switch (event) {
    case 'reset':
      return { kind: 'document', document: parseAnswer(FleetDocument, data, what) };
    case 'rows':
      return { kind: 'rows', event: parseAnswer(RowsEvent, data, what) };
    case 'summary':
      return { kind: 'summary', summary: parseAnswer(FleetSummary, data, what) };
    case 'tick':
      return { kind: 'tick', now: parseAnswer(TickEvent, data, what).now };
    default:
      return undefined;
  }
}

/** The position to continue from after this; undefined if it has none. */
export function positionOf(news: FleetNews): string | undefined {
  if (news.kind === 'document') return news.document.position;
  return news.kind === 'rows' ? news.event.position : undefined;
}
