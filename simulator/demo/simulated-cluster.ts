import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NAMESPACES } from '../../shared/kubernetes/resources.ts';
import { startKubernetesApi } from '../kubernetes-api/kubernetes-api.ts';
import { type DemoCluster, openDemoClient } from './demo-cluster.ts';

export interface SimulatedClusterOptions {
  /** Where the kubeconfig is written. */
  readonly directory: string;
  /** Loopback and a free port, if left out. */
  readonly host?: string;
  readonly port?: number;
  /** The host that others reach it by, where that is another one. */
  readonly advertiseHost?: string;
}

/** Skipper's own, as if it was installed in the cluster. */
const SKIPPER_NAMESPACE = 'skipper';

/** A Kubernetes API server in this process, which forgets everything at the end. */
export async function startSimulatedCluster(options: SimulatedClusterOptions): Promise<DemoCluster> {
  const { directory, host = '127.0.0.1', port = 0, advertiseHost = host } = options;
  // Nobody reads the audit here.
  const api = await startKubernetesApi({ auditLimit: 0, host, port });
  const url = api.url.replace(host, advertiseHost);
  const kubeconfigPath = join(directory, 'kubeconfig');
  await writeFile(kubeconfigPath, api.kubeconfig.replace(api.url, url), { mode: 0o600 });
  const client = openDemoClient({ apiServer: api.url, apiToken: api.token });
  await client.create(NAMESPACES, undefined, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: SKIPPER_NAMESPACE },
  });
  return {
    isSimulated: true,
    url,
    kubeconfigPath,
    client,
    nodeName: 'simulated-node',
    stateConfigMap: `${SKIPPER_NAMESPACE}/fiaas-skipper-state`,
    untilNamespacesAreUsable: async () => undefined,
    removeNamespaces: async () => undefined,
    close: async () => {
      await client.close();
      await api.close();
    },
  };
}
