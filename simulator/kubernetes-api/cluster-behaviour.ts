import { randomUUID } from 'node:crypto';
import equal from 'fast-deep-equal';
import { tooManyRequests } from './api-error.ts';
import { type KubernetesObject, objectAt } from './api-object.ts';
import { quotaStatus } from './quota.ts';
import type { ResourceRegistry } from './resource-registry.ts';
import { type ResourceType, storageKey } from './resource-type.ts';
import type { Store, StoredObject, StoreEvent } from './store.ts';
import { timestamp } from './timestamp.ts';
import type { WatchHub } from './watch-hub.ts';

/** The few things a cluster does by itself that clients of the API cannot be without. */
export interface ClusterBehaviour {
  changed(event: StoreEvent): void;
  removed(stored: StoredObject): void;
  /** Throws while a custom resource's storage is being rebuilt after a change of its definition. */
  refuseWhileRestarting(type: ResourceType): void;
}

export interface ClusterBehaviourOptions {
  readonly store: Store;
  readonly registry: ResourceRegistry;
  readonly hub: WatchHub;
  readonly now: () => Date;
  readonly remove: (stored: StoredObject) => void;
  readonly customResourceRestartMs: number;
}

export function createClusterBehaviour(options: ClusterBehaviourOptions): ClusterBehaviour {
  const { store, registry, hub, now, remove } = options;
  const restartEnds = new Map<string, number>();

  function changed({ type, previous, current, removed: gone }: StoreEvent): void {
    if (type.kind === 'Pod' || type.kind === 'ResourceQuota') {
      recountQuotas((current ?? gone)?.object.metadata.namespace ?? '');
    }
    if (current === undefined) return;
    if (type.kind === 'Namespace' && previous === undefined) createDefaultAccount(current.object);
    if (type.kind === 'CustomResourceDefinition') definitionChanged(type, previous?.object, current.object);
  }

  /** The controller-manager's first act in a namespace, without which it takes no pods. */
  function createDefaultAccount({ metadata }: KubernetesObject): void {
    const type = core('serviceaccounts');
    store.put(type, {
      kind: 'ServiceAccount',
      apiVersion: 'v1',
      metadata: {
        name: 'default',
        namespace: metadata.name,
        uid: randomUUID(),
        creationTimestamp: metadata.creationTimestamp,
      },
    });
  }

  function recountQuotas(namespace: string): void {
    const quotas = store.list(core('resourcequotas'), namespace);
    if (quotas.length === 0) return;
    const pods = store.list(core('pods'), namespace).map(({ object }) => object);
    for (const { type, object } of quotas) {
      const status = quotaStatus(object, pods);
      if (!equal(object.status, status)) store.put(type, { ...object, status });
    }
  }

  function core(plural: string): ResourceType {
    return registry.find('', 'v1', plural) as ResourceType;
  }

  function definitionChanged(
    type: ResourceType,
    previous: KubernetesObject | undefined,
    current: KubernetesObject,
  ): void {
    if (equal(previous?.spec, current.spec)) return;
    for (const declared of registry.define(current)) {
      hub.reset(declared);
      restartEnds.set(storageKey(declared), now().getTime() + options.customResourceRestartMs);
    }
    if (previous === undefined) establish(type, current);
  }

  function establish(type: ResourceType, definition: KubernetesObject): void {
    const lastTransitionTime = timestamp(now());
    const condition = (name: string, reason: string, message: string) => ({
      type: name,
      status: 'True',
      lastTransitionTime,
      reason,
      message,
    });
    const conditions = [
      condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
      condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
    ];
    const acceptedNames = objectAt(definition.spec, 'names');
    const status = { ...objectAt(definition, 'status'), conditions, acceptedNames };
    // In a turn of its own: a client sees the definition before it is established, as on the real server.
    setImmediate(() => {
      const live = store.get(type, '', definition.metadata.name);
      if (live !== undefined) store.put(type, { ...live.object, status });
    });
  }

  function removed({ type, object }: StoredObject): void {
    if (type.kind !== 'CustomResourceDefinition') return;
    for (const declared of registry.all().filter((candidate) => isDeclaredBy(object, candidate))) {
      for (const stored of store.list(declared)) remove(stored);
      hub.reset(declared);
    }
    registry.undefine(object);
  }

  function refuseWhileRestarting(type: ResourceType): void {
    const end = type.isCustom ? restartEnds.get(storageKey(type)) : undefined;
    if (end === undefined) return;
    if (now().getTime() < end) throw tooManyRequests('storage is (re)initializing', 1);
    restartEnds.delete(storageKey(type));
  }

  return { changed, removed, refuseWhileRestarting };
}

function isDeclaredBy(definition: KubernetesObject, type: ResourceType): boolean {
  return type.isCustom && storageKey(type) === definition.metadata.name;
}
