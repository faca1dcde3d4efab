import type { KubernetesClient } from '../../shared/kubernetes/client.ts';
import { createKubernetesClient } from '../../shared/kubernetes/client.ts';
import { type KubernetesAccess, loadKubeConfig } from '../../shared/kubernetes/load-kube-config.ts';
import type { DemoNamespace } from './plan-fleet.ts';

/** The API server that the demo runs on. */
export interface DemoCluster {
  readonly isSimulated: boolean;
  readonly url: string;
  readonly kubeconfigPath: string;
  readonly client: KubernetesClient;
  readonly nodeName: string;
  /** Where Skipper saves what must survive a loss of Redis, as its setting; undefined if nowhere. */
  readonly stateConfigMap: string | undefined;
  /** Waits until pods can be made in these new namespaces. */
  untilNamespacesAreUsable(fleet: readonly DemoNamespace[]): Promise<void>;
  /** Removes what the demo has made, as far as it outlives the demo. */
  removeNamespaces(fleet: readonly DemoNamespace[]): Promise<void>;
  close(): Promise<void>;
}

/** Every namespace that the demo makes has this label. */
export const DEMO_LABEL = { 'skipper-demo': 'true' };

export function openDemoClient(access: KubernetesAccess): KubernetesClient {
  return createKubernetesClient(loadKubeConfig(access), {
    userAgent: 'skipper-demo',
    fieldManager: 'skipper-demo',
  });
}
