import { pino } from 'pino';
import type { Delays } from '../fdd/delays.ts';
import { startSimulatedFdds } from '../fdd/start-simulated-fdds.ts';
import type { Closers } from './closers.ts';
import type { DemoCluster } from './demo-cluster.ts';
import type { DemoNamespace } from './plan-fleet.ts';
import { populateCluster, prepareDefinitions } from './populate-cluster.ts';

/** FDDs with pods, and every write of the real ones: about so many are what one machine carries. */
const MAX_FAITHFUL = 1_000;

export interface FillClusterOptions {
  readonly cluster: DemoCluster;
  readonly fleet: readonly DemoNamespace[];
  readonly delays: Partial<Delays>;
  readonly closers: Closers;
  readonly signal: AbortSignal;
}

/** Whether a fleet is so large that its FDDs have no pods. */
export function hasInstantFdds(namespaces: number): boolean {
  return namespaces > MAX_FAITHFUL;
}

/** Starts the simulated FDDs, and makes the namespaces; what was started is in `closers`. */
export async function fillCluster(options: FillClusterOptions): Promise<void> {
  const { cluster, fleet, closers, signal } = options;
  const log = pino({ level: 'silent' });
  await prepareDefinitions(cluster.client, log, signal);
  const names = new Set(fleet.map(({ name }) => name));
  const isInstant = hasInstantFdds(fleet.length);
  const fdds = await startSimulatedFdds({
    client: cluster.client,
    log,
    hasControllerManager: !cluster.isSimulated,
    insecureKubelet: cluster.isSimulated,
    nodeName: cluster.nodeName,
    ownsNamespace: (namespace) => names.has(namespace),
    ...(isInstant ? { profile: 'instant' } : { delays: options.delays }),
  });
  closers.add(() => fdds.stop());
  // Before the FDDs stop: it is their kubelet that lets the pods go.
  closers.add(() => cluster.removeNamespaces(fleet));
  await populateCluster(cluster, fdds, fleet, signal);
}
