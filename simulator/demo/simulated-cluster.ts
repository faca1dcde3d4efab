import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startKubernetesApi } from '../kubernetes-api/kubernetes-api.ts';
import { type DemoCluster, openDemoClient } from './demo-cluster.ts';

/** A Kubernetes API server in this process, which forgets everything at the end. */
export async function startSimulatedCluster(directory: string): Promise<DemoCluster> {
  // Nobody reads the audit here.
  const api = await startKubernetesApi({ auditLimit: 0 });
  const kubeconfigPath = join(directory, 'kubeconfig');
  await writeFile(kubeconfigPath, api.kubeconfig, { mode: 0o600 });
  const client = openDemoClient(kubeconfigPath);
  return {
    isSimulated: true,
    url: api.url,
    kubeconfigPath,
    client,
    nodeName: 'simulated-node',
    untilNamespacesAreUsable: async () => undefined,
    removeNamespaces: async () => undefined,
    close: async () => {
      await client.close();
      await api.close();
    },
  };
}
