import type { KubernetesClient } from '../../../shared/kubernetes/client.ts';
import { RESOURCE_QUOTAS } from '../../../shared/kubernetes/resources.ts';
import { until } from '../../support/real-world.ts';

/** Creates a ResourceQuota and waits until the controller has counted: only then is it enforced. */
export async function createCountedQuota(
  admin: KubernetesClient,
  namespace: string,
  spec: Readonly<Record<string, unknown>>,
): Promise<void> {
  await admin.create(RESOURCE_QUOTAS, namespace, {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'limits' },
    spec,
  });
  await until(
    'the quota is counted',
    () => admin.get<{ status?: { hard?: unknown } }>(RESOURCE_QUOTAS, { namespace, name: 'limits' }),
    (quota) => quota?.status?.hard !== undefined,
  );
}
