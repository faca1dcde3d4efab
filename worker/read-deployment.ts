import { FDD } from '../domain/cluster/names.ts';
import type { ObservedDeployment } from '../domain/cluster/observed.ts';
import { DEPLOYMENTS } from '../shared/kubernetes/resources.ts';
import { type RawDeployment, toObservedDeployment } from '../shared/kubernetes/to-observed.ts';
import type { RunContext } from './run-context.ts';

/** Reads FDD's Deployment from the API server, for cases in which the watch is not reliable enough. */
export async function readDeployment({
  client,
  namespace,
}: RunContext): Promise<ObservedDeployment | undefined> {
  const raw = await client.get<RawDeployment>(DEPLOYMENTS, { namespace, name: FDD });
  return raw && toObservedDeployment(raw);
}
