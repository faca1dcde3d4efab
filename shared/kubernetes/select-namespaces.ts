import type { KubernetesClient } from './client.ts';
import { NAMESPACES, pathOf } from './resources.ts';

/** Somebody waits for the answer; a denial does not pass within seconds. */
const WAITED_FOR_MS = 10_000;
const PAGE_SIZE = 500;

interface NamespaceList {
  readonly metadata: { readonly continue?: string };
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}

/** The names of the namespaces that have all these labels. */
export async function selectNamespaces(
  client: Pick<KubernetesClient, 'request'>,
  labels: Readonly<Record<string, string>>,
): Promise<ReadonlySet<string>> {
  const labelSelector = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const names = new Set<string>();
  const signal = AbortSignal.timeout(WAITED_FOR_MS);
  let position: string | undefined;
  do {
    const { metadata, items }: NamespaceList = await client.request({
      method: 'GET',
      path: pathOf(NAMESPACES),
      query: { labelSelector, limit: String(PAGE_SIZE), ...(position && { continue: position }) },
      signal,
      retryForbidden: false,
    });
    for (const item of items) names.add(item.metadata.name);
    position = metadata.continue;
  } while (position);
  return names;
}
