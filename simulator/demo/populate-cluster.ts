import { setTimeout as pause } from 'node:timers/promises';
import pMap from 'p-map';
import type { Logger } from 'pino';
import { SkipperError } from '../../domain/errors.ts';
import type { KubernetesClient } from '../../shared/kubernetes/client.ts';
import {
  APPLICATION_STATUSES,
  APPLICATIONS,
  CONFIG_MAPS,
  NAMESPACES,
  pathOf,
} from '../../shared/kubernetes/resources.ts';
import { ensureCrds } from '../../worker/ensure-crds.ts';
import { FDD } from '../fdd/fdd-names.ts';
import type { SimulatedFdds } from '../fdd/start-simulated-fdds.ts';
import { DEMO_LABEL, type DemoCluster } from './demo-cluster.ts';
import { type DemoNamespace, faultyVersions } from './plan-fleet.ts';
import { imageOf } from './published-versions.ts';

const IN_FLIGHT = 32;
const POLL_INTERVAL_MS = 100;

/** As a worker would at its start; the FDDs that are there before it need the definitions, too. */
export async function prepareDefinitions(
  client: KubernetesClient,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  await ensureCrds(client, log, signal);
  for (const resource of [APPLICATIONS, APPLICATION_STATUSES]) {
    while (!(await isServed(client, pathOf(resource)))) await pause(POLL_INTERVAL_MS, undefined, { signal });
  }
}

/** An API server needs a moment from the definition to the resource. */
async function isServed(client: KubernetesClient, path: string): Promise<boolean> {
  try {
    await client.request({ method: 'GET', path, query: { limit: 1 } });
    return true;
  } catch (error) {
    if (error instanceof SkipperError && ['crd_missing', 'rate_limited'].includes(error.code)) return false;
    throw error;
  }
}

/** Makes the namespaces with their ConfigMaps, and puts an FDD into those that shall have one. */
export async function populateCluster(
  cluster: Pick<DemoCluster, 'client' | 'untilNamespacesAreUsable'>,
  fdds: SimulatedFdds,
  fleet: readonly DemoNamespace[],
  signal: AbortSignal,
): Promise<void> {
  const { client } = cluster;
  const limits = { concurrency: IN_FLIGHT, signal };
  const createNamespace = async (namespace: DemoNamespace) => {
    setFaults(fdds, namespace);
    await client.create(NAMESPACES, undefined, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace.name, labels: DEMO_LABEL },
    });
    await client.create(CONFIG_MAPS, namespace.name, configMap(namespace));
  };
  const installFdd = async ({ name, installedVersion }: DemoNamespace) => {
    if (installedVersion !== undefined) await fdds.installFdd(name, { image: imageOf(installedVersion) });
  };
  await pMap(fleet, createNamespace, limits);
  await cluster.untilNamespacesAreUsable(fleet);
  await pMap(fleet, installFdd, limits);
}

function setFaults({ misbehaviour }: SimulatedFdds, namespace: DemoNamespace): void {
  const { name, fault } = namespace;
  if (fault === undefined) return;
  for (const version of faultyVersions(namespace)) misbehaviour.set(name, fault, { version });
}

function configMap({ name, tag }: DemoNamespace): Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: FDD, namespace: name },
    data: { tag, 'cluster_config.yaml': 'log-format: json\n' },
  };
}
