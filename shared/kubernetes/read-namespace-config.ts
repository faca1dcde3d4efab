import { APP_LABEL, CONFIG_MAP, FDD } from '../../domain/cluster/names.ts';
import { type NamespaceConfigResult, parseNamespaceConfig } from '../../domain/cluster/namespace-config.ts';
import type { KubernetesClient } from './client.ts';
import { CONFIG_MAPS, pathOf } from './resources.ts';
import type { KubernetesRequest } from './send-request.ts';
import type { RawConfigMap } from './to-observed.ts';

/** The ConfigMap by its name counts first. By `list`: neither API nor worker may `get` a ConfigMap. */
const SELECTIONS = [
  { fieldSelector: `metadata.name=${CONFIG_MAP}` },
  { labelSelector: `${APP_LABEL}=${FDD}` },
];

/** A namespace's configuration as the API server has it now: a watch may lag. Undefined if it is not a FIAAS namespace. */
export async function readNamespaceConfig(
  client: KubernetesClient,
  namespace: string,
  options: Pick<KubernetesRequest, 'signal' | 'retryForbidden'> = {},
): Promise<NamespaceConfigResult | undefined> {
  const path = pathOf(CONFIG_MAPS, { namespace });
  for (const query of SELECTIONS) {
    const { items } = await client.request<{ items: readonly RawConfigMap[] }>({
      ...options,
      method: 'GET',
      path,
      query,
    });
    const [found] = items;
    if (found) return parseNamespaceConfig(found);
  }
  return undefined;
}

/** Somebody waits for the answer: a silent API server is not waited for, and a denial is no news. */
const WAITED_FOR_MS = 2_000;

export function readConfigInTime(
  client: KubernetesClient,
  namespace: string,
): Promise<NamespaceConfigResult | undefined> {
  return readNamespaceConfig(client, namespace, {
    signal: AbortSignal.timeout(WAITED_FOR_MS),
    retryForbidden: false,
  });
}
