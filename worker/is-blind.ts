import type { ClusterCache } from '../shared/kubernetes/cluster-cache.ts';

/** The API server is unreachable: what the watches show can be old. */
export function isBlind(cluster: Pick<ClusterCache, 'watches'>): boolean {
  return cluster.watches().some(({ problem, refused }) => problem !== undefined && !refused);
}
