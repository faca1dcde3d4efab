import type { KubernetesClient } from '../shared/kubernetes/client.ts';
import { pathOf, RESOURCE_QUOTAS } from '../shared/kubernetes/resources.ts';

interface QuotaObject {
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly hard?: Readonly<Record<string, string>> };
}

/** The limits of a namespace's quotas, as text that changes only with them. */
export async function readQuotaLimits(
  client: Pick<KubernetesClient, 'request'>,
  namespace: string,
): Promise<string> {
  const list = await client.request<{ items: readonly QuotaObject[] }>({
    method: 'GET',
    path: pathOf(RESOURCE_QUOTAS, { namespace }),
  });
  return list.items.map(describeQuota).toSorted().join(', ');
}

function describeQuota({ metadata, spec }: QuotaObject): string {
  const hard = Object.entries(spec?.hard ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `${metadata.name}(${hard.map(([what, limit]) => `${what}=${limit}`).join(' ')})`;
}
