import type { FleetDocument, RowsEvent } from '../../domain/fleet/fleet-feed.ts';
import type { FleetSummary } from '../../domain/fleet/fleet-summary.ts';

/** How the line to the API is. Times are this machine's milliseconds since the epoch. */
export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  | {
      readonly state: 'lost';
      /** When anything was heard last: what is shown is from then. */
      readonly heardAt: number;
      readonly reason: string;
    };

/** What a page is told of the fleet, by a shared worker or by its own feed. */
export type FeedMessage =
  | { readonly kind: 'document'; readonly document: FleetDocument }
  | { readonly kind: 'rows'; readonly event: RowsEvent }
  | { readonly kind: 'summary'; readonly summary: FleetSummary }
  | { readonly kind: 'tick'; readonly now: number }
  | { readonly kind: 'connection'; readonly connection: Connection };

/** What a page tells the worker. `wake`: try again now, somebody is looking; `bye`: the page goes. */
export type PageMessage = 'wake' | 'bye';
