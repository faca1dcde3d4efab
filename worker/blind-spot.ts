import { parseRefusal } from '../domain/cluster/parse-refusal.ts';
import { SkipperError } from '../domain/errors.ts';
import type { ClusterCache } from '../shared/kubernetes/cluster-cache.ts';

/** What the worker may not watch any more, and why: what it shows of that kind is old, and does not change. */
export function blindSpot(cluster: Pick<ClusterCache, 'watches'>): string | undefined {
  const watch = cluster.watches().find(({ refused, problem }) => refused && problem !== undefined);
  return watch && `Skipper cannot watch ${watch.name} any more: ${watch.problem}`;
}

export function blindSpotError(spot: string): SkipperError {
  const refusal = parseRefusal(spot);
  return new SkipperError('forbidden', spot, { symptoms: refusal && [{ kind: 'refusal', refusal }] });
}
