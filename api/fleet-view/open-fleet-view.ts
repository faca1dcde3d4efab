import type { Core } from '../../shared/core.ts';
import type { Change, ChangeFeed } from '../../shared/state/change-feed.ts';
import { createChannelCache } from './channel-cache.ts';
import { createFeedSubscribers } from './feed-subscribers.ts';
import type { FleetView } from './fleet-view.ts';
import { createLiveSummary } from './live-summary.ts';
import { openQueueStats } from './queue-stats.ts';
import { createRecordCache } from './record-cache.ts';
import { createRecordReader } from './record-reader.ts';
import { createRowMaker } from './row-maker.ts';
import { createRowStore } from './row-store.ts';

const BUSY_RECHECK_MS = 5_000;
const RULES_RECHECK_MS = 5_000;

/** The parts of the view. */
export type FleetViewCore = Pick<
  Core,
  | 'cluster'
  | 'redis'
  | 'redisHealth'
  | 'epoch'
  | 'state'
  | 'deployQueue'
  | 'releaseCheckQueue'
  | 'log'
  | 'settings'
>;

/**
 * Keeps a row per namespace, rebuilt whenever its objects in the cluster or its record in Redis change. Reading records
 * waits for Redis, building rows does not: without Redis the current state of the cluster is still shown.
 */
export function openFleetView(core: FleetViewCore, changes: ChangeFeed): FleetView {
  const { cluster, redis, redisHealth, state } = core;
  const log = core.log.child({ logger: 'fleet-view' });
  const rows = createRowStore();
  const records = createRecordCache(state);
  const channels = createChannelCache(state);
  const stats = openQueueStats(core);
  const summary = createLiveSummary({
    cluster,
    redis,
    redisHealth,
    epoch: core.epoch,
    rows,
    channels,
    stats,
  });
  const subscribers = createFeedSubscribers(stats, summary);
  const maker = createRowMaker({ cluster, records, channels, rows }, (event) =>
    subscribers.emit({ kind: 'rows', event }),
  );
  const reader = createRecordReader({ redis, records, channels, log }, (namespaces, isReleased) => {
    maker.mark(isReleased ? cluster.namespaces() : namespaces);
    maker.makeNow();
  });

  function onCluster(namespace: string): void {
    maker.mark([namespace]);
    maker.makeSoon();
    if (rows.get(namespace) !== undefined) return;
    reader.mark([namespace]);
    reader.readSoon();
  }

  function onChange(change: Change): void {
    if (change.kind !== 'namespaces') channels.expire();
    if (change.kind === 'namespaces') reader.mark(change.namespaces);
    if (change.kind === 'resync') reader.mark(cluster.namespaces());
    reader.readSoon();
  }

  /** What a pass has found does not hold forever, and a new pass can find it again. */
  async function recheckRules(): Promise<void> {
    if (!(await records.readPass())) return;
    maker.mark(records.sick());
    maker.makeNow();
  }

  async function fill(): Promise<void> {
    await cluster.synced();
    await records.readPass();
    maker.mark(cluster.namespaces());
    reader.mark(cluster.namespaces());
    await reader.read();
    maker.makeNow();
  }

  /** A Redis that loses its data announces nothing; without its record, a busy row would stay busy forever. */
  function recheckBusy(): void {
    const busy = rows.all().filter(({ activity }) => activity !== 'idle');
    reader.mark(busy.map(({ namespace }) => namespace));
    reader.readSoon();
  }

  const rechecks = [
    setInterval(recheckBusy, BUSY_RECHECK_MS).unref(),
    setInterval(() => void recheckRules(), RULES_RECHECK_MS).unref(),
  ];
  const unwatch = cluster.onAnyChange(onCluster);
  changes.listen(onChange);
  for (const namespace of cluster.namespaces()) onCluster(namespace);
  const filled = fill();

  return {
    ready: () => filled,
    refresh: stats.refresh,
    position: rows.position,
    document: () => ({ position: rows.position(), now: Date.now(), summary: summary(), rows: rows.all() }),
    rows: rows.all,
    row: rows.get,
    status: maker.status,
    record: records.get,
    channel: (tag) => channels.all().get(tag),
    summary,
    changesSince: rows.changesSince,
    subscribe: subscribers.subscribe,
    close: async () => {
      for (const recheck of rechecks) clearInterval(recheck);
      unwatch();
      changes.close();
      maker.close();
      subscribers.close();
      await reader.close();
    },
  };
}
