import { setImmediate } from 'node:timers/promises';
import { type FleetRow, HEALTHS } from '../domain/fleet/fleet-row.ts';
import { isUnfinished } from '../domain/rollout/is-unfinished.ts';
import type { NamespaceRecord } from '../domain/rollout/namespace-record.ts';
import type { Metrics } from '../shared/metrics.ts';
import type { FleetView } from './fleet-view/fleet-view.ts';

/** Sets the gauges that come from the fleet view, at each scrape. */
export async function refreshFleetGauges(
  view: FleetView,
  metrics: Metrics,
  listeners: number,
): Promise<void> {
  metrics.eventListeners.set(listeners);
  await view.refresh();
  const { channels, workers, byHealth, lastReleaseCheck } = view.summary();
  if (await isFilled(view)) {
    for (const health of HEALTHS) metrics.namespacesByHealth.set({ health }, byHealth[health] ?? 0);
  }
  const rows = view.rows();
  metrics.namespacesOutdated.reset();
  for (const { channel } of channels) metrics.namespacesOutdated.set({ channel }, 0);
  for (const row of rows)
    if (lagsBehindChannel(row)) metrics.namespacesOutdated.inc({ channel: row.channel });
  metrics.channelReadable.reset();
  for (const { channel, checkedAt, problem } of channels) {
    // Not checked yet.
    if (checkedAt === undefined && problem === undefined) continue;
    metrics.channelReadable.set({ channel }, problem === undefined ? 1 : 0);
  }
  if (lastReleaseCheck !== undefined) {
    metrics.releaseCheckAge.set((Date.now() - lastReleaseCheck.since) / 1000);
    metrics.releaseCheckInterval.set(lastReleaseCheck.intervalSeconds);
  }
  // Undefined means that Redis is down: the values are unknown.
  if (workers === undefined) {
    metrics.workers.remove();
    metrics.oldestUnfinished.remove();
    return;
  }
  metrics.workers.set(workers);
  const records = rows.map(({ namespace }) => view.record(namespace));
  metrics.oldestUnfinished.set(oldestUnfinishedSeconds(records, Date.now()));
}

/** A view that is not filled yet would export zeros, so a restart would resolve every alert. */
function isFilled(view: FleetView): Promise<boolean> {
  return Promise.race([view.ready().then(() => true), setImmediate(false)]);
}

/**
 * Includes failed deploys. A row whose wanted version is unknown does not count as outdated; deploys in progress have their
 * own gauge.
 */
function lagsBehindChannel({ channel, activity, status, wanted, version }: FleetRow): boolean {
  return (
    channel !== '' && activity === 'idle' && status !== 'HELM_MANAGED' && wanted !== '' && version !== wanted
  );
}

function oldestUnfinishedSeconds(records: readonly (NamespaceRecord | undefined)[], now: number): number {
  const unfinished = records.flatMap((record) => (isUnfinished(record) ? [record.requestedAt] : []));
  return unfinished.length === 0 ? 0 : Math.max(0, now - Math.min(...unfinished)) / 1000;
}
