import type { NamespaceSnapshot } from '../../domain/cluster/observed.ts';
import { type NamespaceStatus, statusOf } from '../../domain/cluster/status.ts';
import type { RowsEvent } from '../../domain/fleet/fleet-feed.ts';
import type { FleetRow } from '../../domain/fleet/fleet-row.ts';
import { toFleetRow } from '../../domain/fleet/to-fleet-row.ts';
import { holdingNow, quarantinedNow, unjudgedNow } from '../../domain/heal/holding-now.ts';
import type { ClusterCache } from '../../shared/kubernetes/cluster-cache.ts';
import type { ChannelCache } from './channel-cache.ts';
import { debounce } from './debounce.ts';
import type { RecordCache } from './record-cache.ts';
import type { RowStore } from './row-store.ts';

/** Changes are collected for this long before rows are built. */
const COALESCE_MS = 100;

/** The sources of a row, and its destination. */
export interface RowSources {
  readonly cluster: Pick<ClusterCache, 'snapshot'>;
  readonly records: Pick<RecordCache, 'get' | 'healing' | 'pass' | 'requestedVersion' | 'forget'>;
  readonly channels: Pick<ChannelCache, 'all'>;
  readonly rows: Pick<RowStore, 'update'>;
}

/** Builds the rows of changed namespaces. Never waits: without Redis the current state of the cluster is still shown. */
export interface RowMaker {
  /** Upstream's keys of a namespace, as its row was last built. */
  status(namespace: string): NamespaceStatus | undefined;
  mark(namespaces: Iterable<string>): void;
  makeSoon(): void;
  makeNow(): void;
  close(): void;
}

export function createRowMaker(sources: RowSources, onRows: (event: RowsEvent) => void): RowMaker {
  const dirty = new Set<string>();
  const statuses = new Map<string, NamespaceStatus>();
  const soon = debounce(makeNow, COALESCE_MS);
  let isClosed = false;

  function makeNow(): void {
    if (isClosed) return;
    const event = makeRows(sources, statuses, [...dirty]);
    dirty.clear();
    if (event) onRows(event);
  }

  return {
    status: (namespace) => statuses.get(namespace),
    makeNow,
    makeSoon: soon.call,
    mark: (namespaces) => {
      for (const namespace of namespaces) dirty.add(namespace);
    },
    close: () => {
      isClosed = true;
      soon.cancel();
    },
  };
}

function makeRows(
  sources: RowSources,
  statuses: Map<string, NamespaceStatus>,
  namespaces: readonly string[],
): RowsEvent | undefined {
  const { cluster, records, rows } = sources;
  const snapshots = namespaces.map((namespace) => cluster.snapshot(namespace));
  const gone = snapshots.filter(({ config }) => !config).map(({ namespace }) => namespace);
  for (const namespace of gone) {
    records.forget(namespace);
    statuses.delete(namespace);
  }
  const present = snapshots.filter(({ config }) => config);
  for (const snapshot of present) statuses.set(snapshot.namespace, statusOf(snapshot));
  return rows.update(
    present.map((snapshot) => toRow(sources, snapshot)),
    gone,
  );
}

function toRow({ records, channels }: RowSources, snapshot: NamespaceSnapshot): FleetRow {
  const { namespace, config } = snapshot;
  const record = records.get(namespace);
  const pass = { status: records.pass(), healing: records.healing(namespace), record };
  const now = Date.now();
  return toFleetRow({
    snapshot,
    record,
    quarantine: quarantinedNow(pass),
    finding: holdingNow(pass, now),
    unjudged: unjudgedNow(pass, now),
    requested: records.requestedVersion(namespace),
    seen: config?.ok ? channels.all().get(config.value.tag) : undefined,
  });
}
