import { randomUUID } from 'node:crypto';
import pMap from 'p-map';
import { pino } from 'pino';
import { FDD } from '../domain/cluster/names.ts';
import { isRolledOut } from '../domain/cluster/observed.ts';
import { applicationManifest } from '../domain/deploy/application.ts';
import type { Release } from '../domain/release/release.ts';
import { createKubernetesClient } from '../shared/kubernetes/client.ts';
import { loadKubeConfig } from '../shared/kubernetes/load-kube-config.ts';
import { APPLICATIONS, DEPLOYMENTS } from '../shared/kubernetes/resources.ts';
import { type RawDeployment, toObservedDeployment } from '../shared/kubernetes/to-observed.ts';
import { startWatch } from '../shared/kubernetes/watch.ts';

const IN_FLIGHT = 32;

/**
 * The floor: a bare loop that applies every Application, 32 at a time, and waits on one watch until all Deployments have
 * the new deployment. No queue, no plan, no verification. Returns seconds.
 */
export async function runFloor(
  kubeconfig: string,
  namespaces: readonly string[],
  release: Release,
): Promise<number> {
  const client = createKubernetesClient(loadKubeConfig({ kubeconfig }), {
    userAgent: 'bench-floor',
    fieldManager: 'fiaas-skipper',
  });
  const ids = new Map(namespaces.map((namespace) => [namespace, randomUUID()]));
  const open = new Set(namespaces);
  let allDone: () => void;
  const done = new Promise<void>((resolve) => {
    allDone = resolve;
  });
  const watch = startWatch<RawDeployment>({
    client,
    log: pino({ level: 'silent' }),
    resource: DEPLOYMENTS,
    fieldSelector: `metadata.name=${FDD}`,
    onUpsert: (raw) => {
      const namespace = raw.metadata.namespace ?? '';
      const deployment = toObservedDeployment(raw);
      if (deployment.deploymentId !== ids.get(namespace) || !isRolledOut(deployment)) return;
      open.delete(namespace);
      if (open.size === 0) allDone();
    },
    onDelete: () => undefined,
  });
  await watch.synced();
  const began = performance.now();
  const apply = (namespace: string) => {
    const manifest = applicationManifest({ namespace }, release, { deploymentId: ids.get(namespace) ?? '' });
    return client.apply(APPLICATIONS, { namespace, name: FDD }, manifest);
  };
  await pMap(namespaces, apply, { concurrency: IN_FLIGHT });
  await done;
  const seconds = (performance.now() - began) / 1000;
  await watch.stop();
  await client.close();
  return seconds;
}
