import type { Core } from '../core.ts';
import { statusOf } from '../domain/status.ts';
import { isReady } from '../redis.ts';

/** Sets the gauges that are counted when somebody looks. */
export async function refreshGauges({ fleet, metrics, deployQueue, redis }: Core): Promise<void> {
  const namespaces = fleet.namespaces();
  metrics.enabledNamespaces.set(namespaces.length);
  metrics.namespacesByStatus.reset();
  for (const namespace of namespaces) {
    metrics.namespacesByStatus.inc({ status: statusOf(fleet.snapshot(namespace)).status });
  }
  for (const watch of fleet.watches()) metrics.watchRelists.set({ watch: watch.name }, watch.relists);
  if (!isReady(redis)) return;
  for (const [state, count] of Object.entries(await deployQueue.getJobCounts())) {
    metrics.queueJobs.set({ state }, count);
  }
}

/** Why a process cannot do its work at the moment, in words for the operator. */
export function coreProblems({ fleet, redis }: Core): string[] {
  const problems = isReady(redis) ? [] : ['Redis is not connected'];
  for (const watch of fleet.watches()) {
    if (!watch.synced)
      problems.push(`${watch.name} not read yet${watch.problem ? `: ${watch.problem}` : ''}`);
  }
  return problems;
}
