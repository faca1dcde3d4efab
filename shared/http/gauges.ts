import { statusOf } from '../../domain/cluster/status.ts';
import type { Core } from '../core.ts';
import { withRemedy } from '../kubernetes/watch-remedy.ts';
import { isReady } from '../redis.ts';

/** Sets the gauges that are computed at each scrape. */
export async function refreshGauges({
  cluster,
  metrics,
  deployQueue,
  redis,
  state,
}: Pick<Core, 'cluster' | 'metrics' | 'deployQueue' | 'redis' | 'state'>): Promise<void> {
  const namespaces = cluster.namespaces();
  metrics.enabledNamespaces.set(namespaces.length);
  metrics.namespacesByStatus.reset();
  for (const namespace of namespaces) {
    metrics.namespacesByStatus.inc({ status: statusOf(cluster.snapshot(namespace)).status });
  }
  metrics.watchLists.reset();
  for (const { name, relists } of cluster.watches()) metrics.watchLists.inc({ watch: name }, relists);
  const jobs = await jobCounts(redis, deployQueue);
  metrics.redisUp.set(jobs ? 1 : 0);
  // Counts from before Redis went down are out of date.
  metrics.queueJobs.reset();
  for (const [jobState, count] of Object.entries(jobs ?? {}))
    metrics.queueJobs.set({ state: jobState }, count);
  const inFlight = jobs ? await state.inFlight().catch(() => undefined) : undefined;
  if (inFlight === undefined) metrics.inFlight.remove();
  else metrics.inFlight.set(inFlight);
}

/** Undefined if Redis does not answer, even when the connection is up. */
async function jobCounts(
  redis: Core['redis'],
  deployQueue: Core['deployQueue'],
): Promise<Readonly<Record<string, number>> | undefined> {
  return isReady(redis) ? deployQueue.getJobCounts().catch(() => undefined) : undefined;
}

/** Why a process cannot work at the moment, for the operator. */
export function coreProblems({
  cluster,
  redis,
  redisHealth,
  epoch,
}: Pick<Core, 'cluster' | 'redis' | 'redisHealth' | 'epoch'>): string[] {
  const problems = isReady(redis)
    ? redisHealth.problems().map(({ text }) => text)
    : ['Redis is not connected'];
  for (const watch of cluster.watches()) {
    const { name, synced, refused, problem } = watch;
    if (!synced) problems.push(withRemedy(`${name} not read yet${problem ? `: ${problem}` : ''}`, watch));
    // A process with an old state of the fleet is useless, and waiting does not fix it.
    else if (refused) problems.push(`${name} not followed any more: ${problem}`);
  }
  const rebuilding = epoch.problem();
  // Anything else is the cause.
  return problems.length > 0 || rebuilding === undefined ? problems : [rebuilding];
}

/** A broken watch or a restarting server is reported only after this long. */
const LASTING_MS = 10_000;

/** The watches that have been broken for a while: this process has an older state of the cluster. */
export function brokenWatches({ cluster }: Pick<Core, 'cluster'>, now: number = Date.now()): string[] {
  return cluster.watches().flatMap((watch) => {
    const { name, synced, refused, trouble } = watch;
    if (!synced || refused || !trouble || now - trouble.since < LASTING_MS) return [];
    const seconds = Math.round((now - trouble.since) / 1000);
    return [withRemedy(`${name} not followed for ${seconds} s: ${trouble.reason}`, watch)];
  });
}

/** Unreachable services that a process can work without: the release server, the trace collector. */
export function coreWarnings({ releases, telemetry }: Pick<Core, 'releases' | 'telemetry'>): string[] {
  return [...releases.problems(), ...telemetry.problems()];
}
