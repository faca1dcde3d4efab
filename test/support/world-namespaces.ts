import type { KubernetesClient } from '../../shared/kubernetes/client.ts';
import { CONFIG_MAPS, NAMESPACES } from '../../shared/kubernetes/resources.ts';
import type { SimulatedFdds } from '../../simulator/fdd/start-simulated-fdds.ts';
import { FDD } from './published.ts';

export interface NamespaceOptions {
  readonly tag?: string;
  /** `cluster_config.yaml` as text; null leaves the key out. */
  readonly clusterConfig?: string | null;
  /** The ConfigMap's name; null creates none. */
  readonly configMap?: string | null;
  readonly labels?: Readonly<Record<string, string>>;
  /** Of the ConfigMap. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Of the Namespace. */
  readonly namespaceLabels?: Readonly<Record<string, string>>;
  /** All data of the ConfigMap, instead of the above; null creates one without data. */
  readonly data?: Readonly<Record<string, string>> | null;
  /** The version of an FDD that already runs there. */
  readonly fdd?: string;
}

/** Creates a namespace as its owners would. */
export async function createNamespace(
  { kube, fdds }: { readonly kube: KubernetesClient; readonly fdds: SimulatedFdds | undefined },
  name: string,
  options: NamespaceOptions,
): Promise<void> {
  const metadata = { name, labels: options.namespaceLabels ?? {} };
  await kube.create(NAMESPACES, undefined, { apiVersion: 'v1', kind: 'Namespace', metadata });
  if (options.configMap !== null) await kube.create(CONFIG_MAPS, name, configMapOf(name, options));
  if (options.fdd === undefined) return;
  if (fdds === undefined) throw new Error('this world has no FDDs');
  await fdds.installFdd(name, { image: `fiaas/fiaas-deploy-daemon:${options.fdd}` });
}

function configMapOf(namespace: string, options: NamespaceOptions): Record<string, unknown> {
  const data = dataOf(options);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: options.configMap ?? FDD,
      namespace,
      labels: options.labels ?? {},
      annotations: options.annotations ?? {},
    },
    ...(data === undefined ? {} : { data }),
  };
}

function dataOf({ data, tag, clusterConfig = '{}' }: NamespaceOptions): NamespaceOptions['data'] {
  if (data !== undefined) return data ?? undefined;
  return {
    ...(tag === undefined ? {} : { tag }),
    ...(clusterConfig === null ? {} : { 'cluster_config.yaml': clusterConfig }),
  };
}
