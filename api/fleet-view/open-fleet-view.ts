import isEqual from 'fast-deep-equal';
import type { NamespaceSnapshot } from '../../domain/cluster/observed.ts';
import { messageOf } from '../../domain/errors.ts';
import type { FleetRow } from '../../domain/fleet/fleet-row.ts';
import type { FleetSummary } from '../../domain/fleet/fleet-summary.ts';
import { summariseFleet } from '../../domain/fleet/summarise-fleet.ts';
import { toFleetRow } from '../../domain/fleet/to-fleet-row.ts';
import type { Core } from '../../shared/core.ts';
import { isReady } from '../../shared/redis.ts';
import type { Change, ChangeFeed } from '../../shared/state/change-feed.ts';
import { createChannelCache, type SnapshotsByChannel } from './channel-cache.ts';
import { explainStaleness } from './explain-staleness.ts';
import type { FeedEvent, FleetView } from './fleet-view.ts';
import { openQueueStats, POLL_INTERVAL_MS, type QueueStats } from './queue-stats.ts';
import { createRecordCache } from './record-cache.ts';
import { createRowStore } from './row-store.ts';

/** Changes are gathered for this long before anything is made of them. */
const COALESCE_MS = 100;
/** What could not be read is tried again after this long. */
const RETRY_INTERVAL_MS = 1_000;

/** What the view is made of. */
export type FleetViewCore = Pick<Core, 'cluster' | 'redis' | 'state' | 'deployQueue' | 'log'>;

interface Subscriber {
  readonly listener: (event: FeedEvent) => void;
  readonly onEnd: (() => void) | undefined;
}

/**
 * Keeps a row per namespace, made again whenever its objects in the cluster or its record in Redis change. Reading records
 * waits for Redis, making rows waits for nothing: without Redis the cluster is still shown as it is.
 */
export function openFleetView(core: FleetViewCore, changes: ChangeFeed): FleetView {
  const { cluster, redis } = core;
  const log = core.log.child({ logger: 'fleet-view' });
  const rows = createRowStore();
  const records = createRecordCache(core.state);
  const channels = createChannelCache(core.state);
  const stats = openQueueStats(core);
  const subscribers = new Set<Subscriber>();
  /** Namespaces whose row has to be made again. */
  const dirty = new Set<string>();
  /** Namespaces whose record has to be read again. */
  const unread = new Set<string>();
  const makeSoon = debounce(makeRows, COALESCE_MS);
  const readSoon = debounce(() => void read(), COALESCE_MS);
  let reading: Promise<void> = Promise.resolve();
  let retry: NodeJS.Timeout | undefined;
  let poll: NodeJS.Timeout | undefined;
  let told: FleetSummary | undefined;
  let closed = false;

  function onCluster(namespace: string): void {
    dirty.add(namespace);
    makeSoon.call();
    if (rows.get(namespace) !== undefined) return;
    unread.add(namespace);
    readSoon.call();
  }

  function onChange(change: Change): void {
    if (change.kind !== 'namespaces') channels.expire();
    const names = change.kind === 'resync' ? cluster.namespaces() : [];
    for (const namespace of change.kind === 'namespaces' ? change.namespaces : names) unread.add(namespace);
    readSoon.call();
  }

  /** One after the other, each reads all that is unread by then. */
  function read(): Promise<void> {
    reading = reading.then(readUnread);
    return reading;
  }

  async function readUnread(): Promise<void> {
    if (closed || (unread.size === 0 && !channels.isExpired())) return;
    const names = [...unread];
    unread.clear();
    try {
      if (!isReady(redis)) throw new Error('Redis is not connected');
      const moved = await channels.refresh();
      await records.read(names);
      for (const namespace of moved ? cluster.namespaces() : names) dirty.add(namespace);
      makeRows();
    } catch (error) {
      log.debug({ reason: messageOf(error) }, 'desired state cannot be read');
      for (const namespace of names) unread.add(namespace);
      clearTimeout(retry);
      if (!closed) retry = setTimeout(readSoon.call, RETRY_INTERVAL_MS).unref();
    }
  }

  function makeRows(): void {
    if (closed) return;
    const snapshots = [...dirty].map((namespace) => cluster.snapshot(namespace));
    dirty.clear();
    const gone = snapshots.filter(({ config }) => !config).map(({ namespace }) => namespace);
    for (const namespace of gone) records.forget(namespace);
    const event = rows.update(snapshots.filter(({ config }) => config).map(toRow), gone);
    if (event) emit({ kind: 'rows', event });
  }

  function toRow(snapshot: NamespaceSnapshot): FleetRow {
    const { namespace, config } = snapshot;
    return toFleetRow({
      snapshot,
      record: records.get(namespace),
      asked: records.askedVersion(namespace),
      released: config?.ok ? channels.all().get(config.value.tag)?.version : undefined,
    });
  }

  function emit(event: FeedEvent): void {
    for (const { listener } of subscribers) listener(event);
  }

  async function publishSummary(): Promise<void> {
    await stats.refresh();
    const current = summary();
    if (closed || isEqual(current, told)) return;
    told = current;
    emit({ kind: 'summary', summary: current });
  }

  /** Counting is done once for each state of rows and numbers, however many ask. */
  const count = remembered(
    (_position: string, numbers: QueueStats, seen: SnapshotsByChannel, redisReady: boolean, stale: string) =>
      summariseFleet({
        rows: rows.all(),
        channels: seen,
        ...numbers,
        ...(redisReady ? {} : { queue: undefined, workers: undefined }),
        stale: stale === '' ? [] : stale.split('\n'),
      }),
  );

  function summary(): FleetSummary {
    const redisReady = isReady(redis);
    const stale = explainStaleness(
      { answers: redisReady && stats.answers(), deploysPaused: stats.deploysPaused() },
      cluster.watches(),
      Date.now(),
    );
    return count(rows.position(), stats.current(), channels.all(), redisReady, stale.join('\n'));
  }

  async function fill(): Promise<void> {
    await cluster.synced();
    for (const namespace of cluster.namespaces()) {
      dirty.add(namespace);
      unread.add(namespace);
    }
    await read();
    makeRows();
  }

  const unwatch = cluster.onAnyChange(onCluster);
  changes.listen(onChange);
  for (const namespace of cluster.namespaces()) onCluster(namespace);
  const filled = fill();

  return {
    ready: () => filled,
    refresh: stats.refresh,
    document: () => ({ position: rows.position(), now: Date.now(), summary: summary(), rows: rows.all() }),
    rows: rows.all,
    row: rows.get,
    record: records.get,
    channel: (tag) => channels.all().get(tag),
    summary,
    changesSince: rows.changesSince,
    subscribe: (listener, onEnd) => {
      const subscriber = { listener, onEnd };
      subscribers.add(subscriber);
      if (poll === undefined) {
        poll = setInterval(() => void publishSummary(), POLL_INTERVAL_MS);
        void publishSummary();
      }
      return () => {
        subscribers.delete(subscriber);
        if (subscribers.size > 0) return;
        clearInterval(poll);
        poll = undefined;
        told = undefined;
      };
    },
    close: async () => {
      closed = true;
      unwatch();
      changes.close();
      makeSoon.cancel();
      readSoon.cancel();
      clearTimeout(retry);
      clearInterval(poll);
      for (const { onEnd } of [...subscribers]) onEnd?.();
      subscribers.clear();
      await reading;
    },
  };
}

/** Calls once, this long after the first of several calls. */
function debounce(act: () => void, delayMs: number): { call(): void; cancel(): void } {
  let timer: NodeJS.Timeout | undefined;
  let cancelled = false;
  return {
    call: () => {
      if (cancelled) return;
      timer ??= setTimeout(() => {
        timer = undefined;
        act();
      }, delayMs);
    },
    cancel: () => {
      cancelled = true;
      clearTimeout(timer);
    },
  };
}

/** Gives the last answer again while it is asked the same. */
function remembered<Args extends readonly unknown[], Answer>(compute: (...args: Args) => Answer) {
  let last: { readonly args: Args; readonly answer: Answer } | undefined;
  return (...args: Args): Answer => {
    if (last?.args.every((arg, index) => arg === args[index])) return last.answer;
    const answer = compute(...args);
    last = { args, answer };
    return answer;
  };
}
