import { afterAll, beforeAll, test } from '@jest/globals';
import { createKubernetesClient, type KubernetesClient } from '../../shared/kubernetes/client.ts';
import { loadKubeConfig } from '../../shared/kubernetes/load-kube-config.ts';
import { type BegunScenario, tryDeafFdd, tryDeletion } from '../support/begun-scenario.ts';
import { type RealWorld, startRealWorld, WORKER_ACCOUNT } from '../support/real-world.ts';
import { describeCluster } from './support/cluster-suite.ts';
import { IMAGE } from './support/fdd-objects.ts';
import { kubeconfigOf } from './support/skipper-pair.ts';

describeCluster('deployments that FDD has not begun', { needsControllers: true }, () => {
  let world: RealWorld;
  let client: KubernetesClient;

  beforeAll(async () => {
    world = await startRealWorld();
    const kubeconfig = await kubeconfigOf(world, WORKER_ACCOUNT, 'deaf');
    const options = { userAgent: 'fiaas-skipper', fieldManager: 'fiaas-skipper' };
    client = createKubernetesClient(loadKubeConfig({ kubeconfig }), options);
  });

  afterAll(async () => {
    await client?.close();
    await world?.stop();
  });

  async function inNamespace(name: string): Promise<BegunScenario> {
    const namespace = await world.createNamespace(name);
    await world.fdds.installFdd(namespace, { image: IMAGE });
    return { ...world, client, namespace };
  }

  test('are seen with the rights of the chart, until FDD was restarted', async () => {
    await tryDeafFdd(await inNamespace('team-deaf'));
  });

  test('end with their Application', async () => {
    await tryDeletion(await inNamespace('team-gone'));
  });
});
