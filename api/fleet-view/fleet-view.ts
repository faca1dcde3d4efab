import type { NamespaceStatus } from '../../domain/cluster/status.ts';
import type { FleetDocument, RowsEvent } from '../../domain/fleet/fleet-feed.ts';
import type { FleetRow } from '../../domain/fleet/fleet-row.ts';
import type { FleetSummary } from '../../domain/fleet/fleet-summary.ts';
import type { NamespaceRecord } from '../../domain/rollout/namespace-record.ts';
import type { ChannelSnapshot } from '../../shared/state/channel-snapshots.ts';

/** What subscribers receive; serialized once, however many listen. */
export type FeedEvent =
  | { readonly kind: 'rows'; readonly event: RowsEvent }
  | { readonly kind: 'summary'; readonly summary: FleetSummary };

/** The fleet as shown, in memory: built from the cluster's watches and the desired state in Redis, and kept current. */
export interface FleetView {
  /** Resolves when every known namespace has its row. */
  ready(): Promise<void>;
  /**
   * Updates the polled numbers (queue, workers, rollouts) for a single read, unless they were updated within the last
   * second; subscribers need not call it. Never rejects.
   */
  refresh(): Promise<void>;
  /** Grows with every change of a row. */
  position(): string;
  document(): FleetDocument;
  /** By namespace name. */
  rows(): readonly FleetRow[];
  row(namespace: string): FleetRow | undefined;
  /** As of the row's latest build. */
  status(namespace: string): NamespaceStatus | undefined;
  /** The desired state as last read; undefined if nothing was ever requested. */
  record(namespace: string): NamespaceRecord | undefined;
  /** A channel as of the latest release check. */
  channel(tag: string): ChannelSnapshot | undefined;
  summary(): FleetSummary;
  /** The changes since a position; undefined if this process does not know the position. */
  changesSince(position: string): RowsEvent | undefined;
  /** `onEnd` is called when the view closes, so that subscribers can close, too. */
  subscribe(listener: (event: FeedEvent) => void, onEnd?: () => void): () => void;
  close(): Promise<void>;
}
