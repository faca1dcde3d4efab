import type { NamespaceSnapshot } from '../../domain/cluster/observed.ts';
import { HttpProblem } from '../problem.ts';
import type { RouteServices } from '../route.ts';
import { snapshotOf } from './snapshot-of.ts';

/** Throws 404 if it is not a FIAAS namespace. */
export async function readNamespace(
  services: Pick<RouteServices, 'cluster' | 'client'>,
  namespace: string,
): Promise<NamespaceSnapshot> {
  const known = await snapshotOf(services, namespace);
  if (known.config) return known;
  const detail = `"${namespace}" is not a FIAAS namespace: it has no ConfigMap named fiaas-deploy-daemon`;
  throw new HttpProblem(404, 'not_found', detail);
}
