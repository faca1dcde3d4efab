import type { NamespaceSnapshot } from '../../domain/cluster/observed.ts';
import { readConfigInTime } from '../../shared/kubernetes/read-namespace-config.ts';
import type { RouteServices } from '../route.ts';
import { NamespaceName } from '../schemas.ts';

/** What the watches show of a namespace; before it counts as unknown, its ConfigMap is read: a watch may lag. */
export async function snapshotOf(
  { cluster, client }: Pick<RouteServices, 'cluster' | 'client'>,
  namespace: string,
): Promise<NamespaceSnapshot> {
  const seen = cluster.snapshot(namespace);
  if (seen.config || !NamespaceName.safeParse(namespace).success) return seen;
  const config = await readConfigInTime(client, namespace).catch(() => undefined);
  return { ...seen, config };
}
