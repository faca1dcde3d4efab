import { forbidden, namespaceNotFound } from './api-error.ts';
import { type KubernetesObject, stringAt } from './api-object.ts';
import { enforcePodQuotas } from './quota.ts';
import type { ResourceRegistry } from './resource-registry.ts';
import type { ResourceType } from './resource-type.ts';
import type { Store } from './store.ts';

/** What must hold around a new object before it may exist. */
export interface Admission {
  admitNamespace(type: ResourceType, namespace: string, name: string): void;
  admitObject(type: ResourceType, object: KubernetesObject): void;
  admitQuota(type: ResourceType, object: KubernetesObject): void;
}

export function createAdmission(store: Store, registry: ResourceRegistry): Admission {
  const core = (plural: string) => registry.find('', 'v1', plural) as ResourceType;
  const namespaces = core('namespaces');
  const accounts = core('serviceaccounts');
  const quotas = core('resourcequotas');

  function admitNamespace(type: ResourceType, namespace: string, name: string): void {
    if (!type.namespaced) return;
    const found = store.get(namespaces, '', namespace);
    if (found === undefined) throw namespaceNotFound(namespace);
    if (found.object.metadata.deletionTimestamp === undefined) return;
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
    const message = `namespace ${namespace} is being terminated`;
    throw forbidden(type, name, why, [
      { reason: 'NamespaceTerminating', message, field: 'metadata.namespace' },
    ]);
  }

  function admitObject(type: ResourceType, object: KubernetesObject): void {
    if (type.kind !== 'Pod') return;
    const { namespace = '', name } = object.metadata;
    const account = stringAt(object.spec, 'serviceAccountName') ?? 'default';
    if (store.get(accounts, namespace, account) !== undefined) return;
    const missing = `serviceaccount "${account}" not found`;
    throw forbidden(type, name, `error looking up service account ${namespace}/${account}: ${missing}`);
  }

  function admitQuota(type: ResourceType, object: KubernetesObject): void {
    if (type.kind !== 'Pod') return;
    const { namespace } = object.metadata;
    enforcePodQuotas(type, object, {
      quotas: store.list(quotas, namespace).map((stored) => stored.object),
      pods: store.list(type, namespace).map((stored) => stored.object),
    });
  }

  return { admitNamespace, admitObject, admitQuota };
}
