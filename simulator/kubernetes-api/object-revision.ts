import equal from 'fast-deep-equal';
import { conflict } from './api-error.ts';
import { isObject, type KubernetesObject, type ObjectMetadata, withoutEmptyValues } from './api-object.ts';
import { hasStatusSubresource, type ResourceType } from './resource-type.ts';

export function withoutStatus(type: ResourceType, object: KubernetesObject): KubernetesObject {
  if (!hasStatusSubresource(type)) return object;
  const { status, ...rest } = object;
  return rest as KubernetesObject;
}

/** A write through one endpoint leaves alone what belongs to the other, and the server's own metadata. */
export function withLiveParts(
  type: ResourceType,
  subresource: string | undefined,
  live: KubernetesObject,
  wanted: KubernetesObject,
): KubernetesObject {
  if (subresource === 'status') {
    const metadata = type.isCustom || type.group === 'apps' ? live.metadata : editedMetadata(live, wanted);
    return withField({ ...live, metadata }, 'status', wanted.status);
  }
  const edited = { ...wanted, metadata: editedMetadata(live, wanted) };
  return hasStatusSubresource(type) ? withField(edited, 'status', live.status) : edited;
}

/** The generation counts what was asked for: never metadata, and status only where it is no subresource. */
export function withGeneration(
  type: ResourceType,
  live: KubernetesObject,
  next: KubernetesObject,
): KubernetesObject {
  if (!type.hasGeneration || equal(intentOf(type, live), intentOf(type, next))) return next;
  const generation = (live.metadata.generation ?? 0) + 1;
  return { ...next, metadata: { ...next.metadata, generation } };
}

export function withManagedFields(
  object: KubernetesObject,
  entries: ObjectMetadata['managedFields'],
): KubernetesObject {
  const { managedFields, resourceVersion, ...metadata } = object.metadata;
  const owned = entries === undefined || entries.length === 0 ? {} : { managedFields: entries };
  return { ...object, metadata: { ...metadata, ...owned } as ObjectMetadata };
}

/** A write that changes nothing but the time in a field manager's entry is no write. */
export function isSame(live: KubernetesObject, next: KubernetesObject): boolean {
  return equal(comparable(live), comparable(next));
}

export function isReleased({ metadata }: KubernetesObject): boolean {
  const hasFinalizers = (metadata.finalizers ?? []).length > 0;
  return (
    metadata.deletionTimestamp !== undefined &&
    !hasFinalizers &&
    (metadata.deletionGracePeriodSeconds ?? 0) === 0
  );
}

function withField(object: KubernetesObject, field: string, value: unknown): KubernetesObject {
  const { [field]: replaced, ...rest } = object;
  return (value === undefined ? rest : { ...rest, [field]: value }) as KubernetesObject;
}

function editedMetadata(live: KubernetesObject, wanted: KubernetesObject): ObjectMetadata {
  const { labels, annotations, finalizers, ownerReferences, uid } = wanted.metadata ?? {};
  if (uid && uid !== live.metadata.uid) throw otherUid(live, uid);
  const { labels: l, annotations: a, finalizers: f, ownerReferences: o, ...own } = live.metadata;
  return { ...own, ...withoutEmptyValues({ labels, annotations, finalizers, ownerReferences }) };
}

function otherUid(live: KubernetesObject, uid: string): Error {
  const plural = `${live.kind.toLowerCase()}s`;
  const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${live.metadata.uid}`;
  return conflict({ plural, group: '' } as ResourceType, live.metadata.name, why);
}

function intentOf(type: ResourceType, object: KubernetesObject): unknown {
  if (!type.isCustom) return type.kind === 'Pod' ? podIntent(object.spec) : object.spec;
  const { metadata, status, ...rest } = object;
  return hasStatusSubresource(type) ? rest : { ...rest, status };
}

/** Being bound to a node is no change of a pod's generation. */
function podIntent(spec: unknown): unknown {
  const { nodeName, ...rest } = isObject(spec) ? spec : {};
  return rest;
}

function comparable(object: KubernetesObject): unknown {
  const { resourceVersion, managedFields = [], ...metadata } = object.metadata;
  const owners = managedFields.map(({ time, ...entry }) => entry);
  const byOwner = owners.sort((a, b) => (ownerKey(a) < ownerKey(b) ? -1 : 1));
  return { ...object, metadata: { ...metadata, managedFields: byOwner } };
}

function ownerKey(entry: { manager: string; operation: string; subresource?: string }): string {
  return `${entry.operation} ${entry.manager} ${entry.subresource ?? ''}`;
}
