import type { FleetDocument, RowsEvent } from '../../shared/domain/fleet-feed.ts';
import type { FleetRow } from '../../shared/domain/fleet-row.ts';
import type { FleetSummary } from '../../shared/domain/fleet-summary.ts';

/** What subscribers are told; serialized once, however many listen. */
export type FeedEvent =
  | { readonly kind: 'rows'; readonly event: RowsEvent }
  | { readonly kind: 'summary'; readonly summary: FleetSummary };

/** The fleet as it is shown: made of the cluster's watches and the desired state in Redis, kept current in memory. */
export interface FleetView {
  /** Resolves when every namespace that the watches show has its row. */
  ready(): Promise<void>;
  document(): FleetDocument;
  /** By namespace name. */
  rows(): readonly FleetRow[];
  row(namespace: string): FleetRow | undefined;
  summary(): FleetSummary;
  /** What has changed since a position; undefined where this process does not know the position. */
  changesSince(position: string): RowsEvent | undefined;
  subscribe(listener: (event: FeedEvent) => void): () => void;
  close(): Promise<void>;
}
