import { randomBytes, randomUUID } from 'node:crypto';
import type { Admission } from './admission.ts';
import {
  alreadyExists,
  badRequest,
  internalError,
  missingFieldManager,
  missingResourceVersion,
  notFound,
  staleResourceVersion,
  unsupportedMediaType,
} from './api-error.ts';
import {
  type FieldSet,
  isObject,
  type JsonObject,
  type KubernetesObject,
  type ObjectMetadata,
  objectAt,
  stringAt,
  withoutEmptyValues,
} from './api-object.ts';
import { pruneToSchema, refuseUndeclaredFields } from './custom-schema.ts';
import { initialStatus, withDefaults } from './defaults.ts';
import { managedFieldsAfterApply, managedFieldsAfterUpdate, type Writer } from './managed-fields.ts';
import {
  isReleased,
  isSame,
  withGeneration,
  withLiveParts,
  withManagedFields,
  withoutStatus,
} from './object-revision.ts';
import { jsonPatch, mergePatch, strategicMergePatch } from './patches.ts';
import { apiVersionOf, type ResourceType } from './resource-type.ts';
import { applyConfiguration } from './server-side-apply.ts';
import type { Store, StoredObject } from './store.ts';
import { timestamp } from './timestamp.ts';
import { validate } from './validation.ts';
import {
  decode,
  onlyWhatCounts,
  refuseOtherIdentity,
  type WriteRequest,
  type WriteResult,
} from './write-request.ts';

export interface ObjectWriter {
  create(request: WriteRequest): WriteResult;
  update(request: WriteRequest): WriteResult;
  patch(request: WriteRequest): WriteResult;
}

export interface ObjectWriterOptions {
  readonly store: Store;
  readonly admission: Admission;
  /** Deletes an object whose last finalizer was removed. */
  readonly onReleased: (stored: StoredObject) => void;
  readonly now: () => Date;
  /** Changes an object before it is stored, as a mutating webhook would. */
  readonly mutate: (object: KubernetesObject) => KubernetesObject;
}

export function createObjectWriter(options: ObjectWriterOptions): ObjectWriter {
  const { store, admission, onReleased, now, mutate } = options;

  function create(request: WriteRequest): WriteResult {
    const { type, namespace } = request;
    const body = decode(request);
    if (objectAt(body, 'metadata').resourceVersion) {
      throw internalError('resourceVersion should not be set on objects to be created');
    }
    const writer = writerOf(request, 'Update');
    return insert(request, freshObject(type, namespace, body), (object) =>
      managedFieldsAfterUpdate({ type, next: object, writer }),
    );
  }

  function insert(
    request: WriteRequest,
    fresh: KubernetesObject,
    ownership: (object: KubernetesObject) => ObjectMetadata['managedFields'],
  ): WriteResult {
    const { type, namespace = '' } = request;
    admission.admitNamespace(type, namespace, fresh.metadata.name);
    const object = withDefaults(type, pruned(type, withoutStatus(type, mutate(fresh))));
    admission.admitObject(type, object);
    validate(type, object);
    admission.admitQuota(type, object);
    const existing = store.get(type, namespace, object.metadata.name);
    if (existing !== undefined) {
      const isBeingDeleted = existing.object.metadata.deletionTimestamp !== undefined;
      throw alreadyExists(type, object.metadata.name, isBeingDeleted);
    }
    const status = initialStatus(type, object);
    const complete = withManagedFields(
      status === undefined ? object : { ...object, status },
      ownership(object),
    );
    if (request.isDryRun) return { code: 201, json: JSON.stringify(complete) };
    return { code: 201, json: store.put(type, complete).json };
  }

  function freshObject(
    type: ResourceType,
    namespace: string | undefined,
    body: JsonObject,
  ): KubernetesObject {
    const given = objectAt(body, 'metadata');
    const { labels, annotations, finalizers, ownerReferences } = given;
    const generateName = stringAt(given, 'generateName') ?? '';
    const name = stringAt(given, 'name') || (generateName === '' ? '' : generateName + randomSuffix());
    const metadata = withoutEmptyValues({
      generateName,
      namespace,
      labels,
      annotations,
      finalizers,
      ownerReferences,
    });
    return {
      ...body,
      kind: type.kind,
      apiVersion: apiVersionOf(type),
      metadata: {
        ...metadata,
        name,
        uid: randomUUID(),
        creationTimestamp: timestamp(now()),
        ...(type.hasGeneration ? { generation: 1 } : {}),
      },
    };
  }

  function update(request: WriteRequest): WriteResult {
    const body = decode(request);
    const live = liveObject(request);
    return replace(request, live, {
      ...body,
      kind: live.object.kind,
      apiVersion: live.object.apiVersion,
    } as KubernetesObject);
  }

  function patch(request: WriteRequest): WriteResult {
    if (request.contentType === 'application/apply-patch+yaml') return apply(request);
    const change = PATCHES[request.contentType];
    if (change === undefined || (request.type.isCustom && change === strategicMergePatch)) {
      throw unsupportedMediaType();
    }
    const live = liveObject(request);
    const next = change(live.object, request.body);
    if (!isObject(next)) throw badRequest('the patch makes something that is not an object');
    refuseOtherIdentity(request, next);
    return replace(request, live, next as KubernetesObject, true);
  }

  function apply(request: WriteRequest): WriteResult {
    const { type, namespace, name, subresource, query } = request;
    if (request.manager === '' || query.get('fieldManager') === null) throw missingFieldManager();
    const configuration = onlyWhatCounts(request, decode(request));
    if (type.schema !== undefined) {
      refuseUndeclaredFields(
        configuration,
        type.schema,
        `/${name}; ${apiVersionOf(type)}, Kind=${type.kind}`,
      );
    }
    const writer = writerOf(request, 'Apply');
    const force = query.get('force') === 'true';
    const stored = store.get(type, namespace ?? '', name);
    if (stored === undefined) {
      if (subresource !== undefined) throw notFound(type, name);
      const fresh = freshObject(type, namespace, configuration);
      const { applied } = applyConfiguration({ type, live: fresh, configuration, writer, force });
      return insert(request, fresh, (next) => managedFieldsAfterApply({ type, next, writer, applied }));
    }
    const live = liveObject(request);
    refuseStale(type, live, objectAt(configuration, 'metadata').resourceVersion);
    const { object, applied } = applyConfiguration({ type, live: live.object, configuration, writer, force });
    return commit(request, live, object, { writer, applied });
  }

  function liveObject({ type, namespace, name, subresource }: WriteRequest): StoredObject {
    const live = store.get(type, namespace ?? '', name);
    const isServed = subresource === undefined || type.subresources.includes(subresource);
    if (live === undefined || !isServed) throw notFound(type, name);
    return live;
  }

  function replace(
    request: WriteRequest,
    live: StoredObject,
    next: KubernetesObject,
    isPatch = false,
  ): WriteResult {
    const { type, name } = request;
    const version = objectAt(next, 'metadata').resourceVersion;
    if (!isPatch && !version && refusesUnconditionalUpdate(type)) throw missingResourceVersion(type, name);
    refuseStale(type, live, version);
    return commit(request, live, next, { writer: writerOf(request, 'Update') });
  }

  interface Ownership {
    readonly writer: Writer;
    /** The applied object; absent for other writes. */
    readonly applied?: FieldSet;
  }

  function commit(
    request: WriteRequest,
    live: StoredObject,
    wanted: KubernetesObject,
    ownership: Ownership,
  ): WriteResult {
    const { type, subresource } = request;
    const mutated = subresource === undefined ? mutate(wanted) : wanted;
    const prunedObject = pruned(type, withLiveParts(type, subresource, live.object, mutated));
    const next = withGeneration(type, live.object, withDefaults(type, prunedObject));
    validate(type, next, live.object);
    const change = { type, live: live.object, next, writer: ownership.writer };
    const managedFields =
      ownership.applied === undefined
        ? managedFieldsAfterUpdate(change)
        : managedFieldsAfterApply({ ...change, applied: ownership.applied });
    const complete = withManagedFields(next, managedFields);
    if (isSame(live.object, complete)) return { code: 200, json: live.json };
    if (request.isDryRun) return { code: 200, json: JSON.stringify(complete) };
    if (isReleased(complete)) {
      onReleased(live);
      return { code: 200, json: JSON.stringify(complete) };
    }
    return { code: 200, json: store.put(type, complete).json };
  }

  function writerOf({ manager, subresource }: WriteRequest, operation: Writer['operation']): Writer {
    return { manager, operation, subresource, time: timestamp(now()) };
  }

  return { create, update, patch };
}

const PATCHES: Readonly<Record<string, (live: JsonObject, patch: unknown) => unknown>> = {
  'application/json-patch+json': jsonPatch,
  'application/merge-patch+json': mergePatch,
  'application/strategic-merge-patch+json': strategicMergePatch,
};

function pruned(type: ResourceType, object: KubernetesObject): KubernetesObject {
  return type.schema === undefined
    ? object
    : (pruneToSchema(object, type.schema) as unknown as KubernetesObject);
}

function refuseStale(type: ResourceType, live: StoredObject, version: unknown): void {
  if (!version || String(version) === String(live.resourceVersion)) return;
  throw staleResourceVersion(type, live.object.metadata.name);
}

function refusesUnconditionalUpdate(type: ResourceType): boolean {
  return type.isCustom || type.kind === 'CustomResourceDefinition';
}

const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

function randomSuffix(): string {
  return [...randomBytes(5)].map((byte) => SUFFIX_ALPHABET[byte % SUFFIX_ALPHABET.length]).join('');
}
