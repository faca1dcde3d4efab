import { conflict, notFound } from './api-error.ts';
import { isObject, type KubernetesObject, objectAt, stringAt } from './api-object.ts';
import { apiVersionOf, type ResourceType } from './resource-type.ts';
import { listItemJson, type Store, type StoredObject } from './store.ts';
import { timestamp } from './timestamp.ts';
import type { WriteRequest, WriteResult } from './write-request.ts';

export interface ObjectDeleter {
  delete(request: WriteRequest): WriteResult;
  deleteCollection(request: WriteRequest, targets: readonly StoredObject[]): WriteResult;
  /** Takes an object away for good, with what hangs on it. */
  remove(stored: StoredObject): void;
}

export interface ObjectDeleterOptions {
  readonly store: Store;
  readonly namespaces: ResourceType;
  readonly now: () => Date;
  readonly onRemoved: (stored: StoredObject) => void;
}

interface DeleteOptions {
  readonly gracePeriodSeconds: number | undefined;
  readonly orphansDependents: boolean;
  readonly isDryRun: boolean;
  readonly preconditions: { readonly uid?: string; readonly resourceVersion?: string };
}

export function createObjectDeleter({
  store,
  namespaces,
  now,
  onRemoved,
}: ObjectDeleterOptions): ObjectDeleter {
  function deleteOne(request: WriteRequest): WriteResult {
    const { type, namespace = '', name } = request;
    const stored = store.get(type, namespace, name);
    if (stored === undefined) throw notFound(type, name);
    const options = deleteOptions(request);
    refuseUnmetPreconditions(type, stored, options);
    return { code: 200, json: begin(stored, options) };
  }

  function deleteCollection(request: WriteRequest, targets: readonly StoredObject[]): WriteResult {
    const { type } = request;
    const options = deleteOptions(request);
    const items = targets.map(listItemJson).join(',');
    for (const target of targets) begin(target, options);
    const metadata = JSON.stringify({ resourceVersion: String(store.currentVersion()) });
    const json = `{"kind":"${type.kind}List","apiVersion":"${apiVersionOf(type)}","metadata":${metadata},"items":[${items}]}`;
    return { code: 200, json };
  }

  /** Starts a deletion and, when nothing holds the object, completes it; answers with the response body. */
  function begin(stored: StoredObject, options: DeleteOptions): string {
    const { metadata } = stored.object;
    const grace = gracePeriod(stored, options.gracePeriodSeconds);
    const isHeld = grace > 0 || (metadata.finalizers ?? []).length > 0 || stored.type === namespaces;
    if (options.isDryRun) return bodyAfter(stored, isHeld ? stored.json : undefined);
    if (options.orphansDependents) orphan(metadata.uid);
    if (!isHeld) return finish(stored);
    if (!shortensDeletion(stored.object, grace)) return stored.json;

    const marked = store.put(stored.type, markedForDeletion(stored.object, grace, now()));
    if (stored.type === namespaces) setImmediate(emptyNamespace, metadata.name);
    return marked.json;
  }

  function finish(stored: StoredObject): string {
    const isPod = stored.type.kind === 'Pod';
    const last = isPod ? JSON.stringify(markedForDeletion(stored.object, 0, now())) : undefined;
    remove(stored);
    return bodyAfter(stored, last);
  }

  function remove(stored: StoredObject): void {
    store.remove(stored);
    onRemoved(stored);
    setImmediate(collectDependents, stored.object.metadata.uid);
    finishNamespace(stored.object.metadata.namespace ?? '');
  }

  /** What belonged to the removed object alone goes too, as the garbage collector would have it. */
  function collectDependents(ownerUid: string): void {
    for (const dependent of store.dependentsOf(ownerUid)) {
      const owners = dependent.object.metadata.ownerReferences ?? [];
      const hasLiveOwner = owners.some((owner) => store.byUid(owner.uid) !== undefined);
      if (!hasLiveOwner) begin(dependent, BACKGROUND);
    }
  }

  function orphan(ownerUid: string): void {
    for (const { type, object } of store.dependentsOf(ownerUid)) {
      const ownerReferences = (object.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== ownerUid);
      store.put(type, { ...object, metadata: { ...object.metadata, ownerReferences } });
    }
  }

  function emptyNamespace(name: string): void {
    for (const stored of store.contentsOf(name)) begin(stored, BACKGROUND);
    finishNamespace(name);
  }

  function finishNamespace(name: string): void {
    const namespace = store.get(namespaces, '', name);
    if (namespace?.object.metadata.deletionTimestamp === undefined) return;
    if (store.contentsOf(name).length > 0 || (namespace.object.metadata.finalizers ?? []).length > 0) return;
    remove(namespace);
  }

  return { delete: deleteOne, deleteCollection, remove };
}

const BACKGROUND: DeleteOptions = {
  gracePeriodSeconds: undefined,
  orphansDependents: false,
  isDryRun: false,
  preconditions: {},
};

function deleteOptions({ body, query, isDryRun }: WriteRequest): DeleteOptions {
  const given = isObject(body) ? body : {};
  const grace = given.gracePeriodSeconds ?? query.get('gracePeriodSeconds') ?? undefined;
  const policy = given.propagationPolicy ?? query.get('propagationPolicy');
  const preconditions = objectAt(given, 'preconditions');
  return {
    gracePeriodSeconds: grace === undefined ? undefined : Number(grace),
    orphansDependents: policy === 'Orphan',
    isDryRun,
    preconditions: {
      uid: stringAt(preconditions, 'uid'),
      resourceVersion: stringAt(preconditions, 'resourceVersion'),
    },
  };
}

function refuseUnmetPreconditions(
  type: ResourceType,
  { object }: StoredObject,
  options: DeleteOptions,
): void {
  const { uid, resourceVersion } = options.preconditions;
  const { name, uid: liveUid, resourceVersion: liveVersion } = object.metadata;
  const record = { ...type, plural: type.kind, group: '' };
  if (uid !== undefined && uid !== liveUid) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${liveUid})`;
    throw conflict(record, name, `${why}. The object might have been deleted and then recreated`);
  }
  if (resourceVersion !== undefined && resourceVersion !== liveVersion) {
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${liveVersion})`;
    throw conflict(record, name, `${why}. The object might have been modified`);
  }
}

/** Only a pod that a kubelet may be running is given time. */
function gracePeriod({ type, object }: StoredObject, asked: number | undefined): number {
  if (type.kind !== 'Pod') return 0;
  const phase = stringAt(object.status, 'phase');
  const isOver = phase === 'Succeeded' || phase === 'Failed';
  if (isOver || !stringAt(object.spec, 'nodeName')) return 0;
  return asked ?? Number(objectAt(object, 'spec').terminationGracePeriodSeconds ?? 30);
}

function shortensDeletion({ metadata }: KubernetesObject, grace: number): boolean {
  return metadata.deletionTimestamp === undefined || grace < (metadata.deletionGracePeriodSeconds ?? 0);
}

function markedForDeletion(object: KubernetesObject, grace: number, now: Date): KubernetesObject {
  const { generation, deletionTimestamp } = object.metadata;
  const isFirst = deletionTimestamp === undefined;
  const metadata = {
    ...object.metadata,
    ...(generation === undefined ? {} : { generation: isFirst ? generation + 1 : generation }),
    deletionTimestamp: timestamp(new Date(now.getTime() + grace * 1000)),
    ...(object.kind === 'Namespace' ? {} : { deletionGracePeriodSeconds: grace }),
  };
  const marked = { ...object, metadata };
  return object.kind === 'Namespace' ? { ...marked, status: { phase: 'Terminating' } } : marked;
}

/** Pods are answered with themselves, most other kinds with a bare success. */
function bodyAfter({ type, object }: StoredObject, json: string | undefined): string {
  if (json !== undefined) return json;
  const { name, uid } = object.metadata;
  const group = type.group === '' ? {} : { group: type.group };
  return JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...group, kind: type.plural, uid },
  });
}
