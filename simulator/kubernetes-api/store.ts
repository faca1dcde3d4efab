import type { KubernetesObject } from './api-object.ts';
import { apiVersionOf, type ResourceType, storageKey } from './resource-type.ts';

/** An object as it was at one resourceVersion, with its JSON made once for every reader. */
export interface StoredObject {
  readonly type: ResourceType;
  readonly object: KubernetesObject;
  readonly resourceVersion: number;
  readonly json: string;
}

export interface StoreEvent {
  readonly type: ResourceType;
  readonly resourceVersion: number;
  readonly previous?: StoredObject;
  /** Absent when the object was removed. */
  readonly current?: StoredObject;
  /** The last state under the resourceVersion of its removal. */
  readonly removed?: StoredObject;
}

export interface Store {
  currentVersion(): number;
  get(type: ResourceType, namespace: string, name: string): StoredObject | undefined;
  /** In the server's order: by namespace, then by name. */
  list(type: ResourceType, namespace?: string): StoredObject[];
  contentsOf(namespace: string): StoredObject[];
  byUid(uid: string): StoredObject | undefined;
  dependentsOf(ownerUid: string): StoredObject[];
  put(type: ResourceType, object: KubernetesObject): StoredObject;
  remove(stored: StoredObject): StoredObject;
}

type Names = Map<string, StoredObject>;
type Namespaces = Map<string, Names>;

export function createStore(onEvent: (event: StoreEvent) => void): Store {
  const resources = new Map<string, Namespaces>();
  const uids = new Map<string, StoredObject>();
  const dependents = new Map<string, Set<string>>();
  let version = 1;

  function namesIn(type: ResourceType, namespace: string): Names {
    const namespaces = getOrCreate(resources, storageKey(type), () => new Map());
    return getOrCreate(namespaces, namespace, () => new Map());
  }

  function get(type: ResourceType, namespace: string, name: string): StoredObject | undefined {
    return resources.get(storageKey(type))?.get(namespace)?.get(name);
  }

  function list(type: ResourceType, namespace?: string): StoredObject[] {
    const namespaces = resources.get(storageKey(type));
    if (namespaces === undefined) return [];
    if (namespace !== undefined) return sortedValues(namespaces.get(namespace) ?? new Map());
    return sortedValues(namespaces).flatMap((names) => sortedValues(names));
  }

  function put(type: ResourceType, object: KubernetesObject): StoredObject {
    version += 1;
    const { namespace = '', name, uid } = object.metadata;
    const names = namesIn(type, namespace);
    const previous = names.get(name);
    const current = stored(type, object, version);

    names.set(name, current);
    uids.set(uid, current);
    unlinkOwners(previous);
    for (const owner of object.metadata.ownerReferences ?? []) {
      getOrCreate(dependents, owner.uid, () => new Set()).add(uid);
    }
    onEvent({ type, resourceVersion: version, previous, current });
    return current;
  }

  function remove(previous: StoredObject): StoredObject {
    version += 1;
    const { namespace = '', name, uid } = previous.object.metadata;
    const namespaces = resources.get(storageKey(previous.type));
    const names = namespaces?.get(namespace);
    names?.delete(name);
    if (names?.size === 0) namespaces?.delete(namespace);
    uids.delete(uid);
    unlinkOwners(previous);
    const removed = stored(previous.type, previous.object, version);
    onEvent({ type: previous.type, resourceVersion: version, previous, removed });
    return removed;
  }

  function unlinkOwners(previous: StoredObject | undefined): void {
    for (const owner of previous?.object.metadata.ownerReferences ?? []) {
      const uidsOfOwner = dependents.get(owner.uid);
      uidsOfOwner?.delete(previous?.object.metadata.uid ?? '');
      if (uidsOfOwner?.size === 0) dependents.delete(owner.uid);
    }
  }

  return {
    currentVersion: () => version,
    get,
    list,
    contentsOf: (namespace) =>
      [...resources.values()].flatMap((namespaces) => [...(namespaces.get(namespace)?.values() ?? [])]),
    byUid: (uid) => uids.get(uid),
    dependentsOf: (ownerUid) => [...(dependents.get(ownerUid) ?? [])].flatMap((uid) => uids.get(uid) ?? []),
    put,
    remove,
  };
}

/** Items of a built-in resource's list carry no kind and apiVersion; those of a custom resource's do. */
export function listItemJson({ type, json, object }: StoredObject): string {
  if (type.isCustom) return json;
  return `{${json.slice(`{"kind":"${object.kind}","apiVersion":"${object.apiVersion}",`.length)}`;
}

function stored(type: ResourceType, object: KubernetesObject, resourceVersion: number): StoredObject {
  const { kind, apiVersion, metadata, ...rest } = object;
  const versioned = {
    kind: kind ?? type.kind,
    apiVersion: apiVersion ?? apiVersionOf(type),
    metadata: { ...metadata, resourceVersion: String(resourceVersion) },
    ...rest,
  };
  return { type, object: versioned, resourceVersion, json: JSON.stringify(versioned) };
}

function sortedValues<T>(map: ReadonlyMap<string, T>): T[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}

function getOrCreate<T>(map: Map<string, T>, key: string, create: () => T): T {
  const existing = map.get(key);
  if (existing !== undefined) return existing;
  const created = create();
  map.set(key, created);
  return created;
}
