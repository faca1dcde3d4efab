import { applyConflict, type StatusCause } from './api-error.ts';
import { type FieldSet, isObject, type JsonObject, type KubernetesObject } from './api-object.ts';
import {
  childEntries,
  difference,
  intersection,
  isEmptySet,
  isMember,
  memberPaths,
  union,
} from './field-set.ts';
import { isEntryOf, type Writer } from './managed-fields.ts';
import { appliedFields, changedFields, shapeOf } from './object-fields.ts';
import { childrenOf, isAssociativeList, type Shape } from './object-shape.ts';
import { apiVersionOf, type ResourceType } from './resource-type.ts';

export interface ApplyRequest {
  readonly type: ResourceType;
  readonly live: KubernetesObject;
  readonly configuration: JsonObject;
  readonly writer: Writer;
  readonly force: boolean;
}

export interface ApplyResult {
  readonly object: KubernetesObject;
  readonly applied: FieldSet;
}

/** Merges a configuration into the live object as its manager; throws the conflicts unless forced. */
export function applyConfiguration(request: ApplyRequest): ApplyResult {
  const { type, live, configuration } = request;
  const applied = appliedFields(configuration, type.isCustom);
  const merged = mergeTopLevel(live, configuration, type.isCustom);
  if (!request.force) refuseConflicts(request, merged);
  return { object: withoutAbandoned(request, merged, applied), applied };
}

function mergeTopLevel(
  live: KubernetesObject,
  configuration: JsonObject,
  isCustom: boolean,
): KubernetesObject {
  const merged: Record<string, unknown> = { ...live };
  for (const [field, value] of Object.entries(configuration)) {
    if (field === 'apiVersion' || field === 'kind') continue;
    const shape = shapeOf(field, isCustom);
    merged[field] =
      field === 'metadata' ? mergeMetadata(live, value) : merge(field, live[field], value, shape);
  }
  return merged as KubernetesObject;
}

/** Identity comes from the live object, whatever the configuration repeats of it. */
function mergeMetadata(live: KubernetesObject, configured: unknown): unknown {
  const { labels, annotations, finalizers, ownerReferences } = isObject(configured) ? configured : {};
  const offered = { labels, annotations, finalizers, ownerReferences };
  const present = Object.fromEntries(Object.entries(offered).filter(([, value]) => value !== undefined));
  return merge('metadata', live.metadata, present, 'built-in');
}

function merge(field: string, live: unknown, applied: unknown, shape: Shape): unknown {
  if (isAssociativeList(field, applied, shape)) return mergeList(field, live, applied, shape);
  if (!isObject(applied) || !isObject(live) || childrenOf(field, applied, shape) === undefined)
    return applied;
  const result: Record<string, unknown> = { ...live };
  for (const [key, value] of Object.entries(applied)) result[key] = merge(key, live[key], value, shape);
  return result;
}

function mergeList(field: string, live: unknown, applied: readonly unknown[], shape: Shape): unknown {
  const result = new Map(childrenOf(field, Array.isArray(live) ? live : [], shape));
  for (const [element, child] of childrenOf(field, applied, shape) ?? []) {
    const existing = result.get(element);
    result.set(element, { ...child, value: merge(child.field, existing?.value, child.value, shape) });
  }
  return [...result.values()].map((child) => child.value);
}

function refuseConflicts({ type, live, writer }: ApplyRequest, merged: KubernetesObject): void {
  const { changed } = changedFields(live, merged, type.isCustom);
  const causes: StatusCause[] = [];
  for (const entry of live.metadata.managedFields ?? []) {
    if (isEntryOf(entry, type, writer)) continue;
    const subresource = entry.subresource === undefined ? '' : ` with subresource "${entry.subresource}"`;
    const version = entry.operation === 'Update' ? ` using ${entry.apiVersion}` : '';
    const message = `conflict with "${entry.manager}"${subresource}${version}`;
    for (const field of memberPaths(intersection(entry.fieldsV1, changed))) {
      causes.push({ reason: 'FieldManagerConflict', message, field });
    }
  }
  if (causes.length > 0) throw applyConflict(causes);
}

/** Drops what this manager applied before, does not apply now, and nobody else owns. */
function withoutAbandoned(
  { type, live, writer }: ApplyRequest,
  merged: KubernetesObject,
  applied: FieldSet,
): KubernetesObject {
  const entries = live.metadata.managedFields ?? [];
  const previous = entries.find((entry) => isEntryOf(entry, type, writer));
  if (previous === undefined || previous.apiVersion !== apiVersionOf(type)) return merged;

  const others = entries.filter((entry) => entry !== previous).map((entry) => entry.fieldsV1);
  const kept = others.reduce(union, applied);
  const abandoned = difference(previous.fieldsV1, kept);
  if (isEmptySet(abandoned)) return merged;

  const result: Record<string, unknown> = { ...merged };
  for (const [element, node] of childEntries(abandoned)) {
    const field = element.slice(2);
    const pruned = prune({
      field,
      value: merged[field],
      abandoned: node,
      kept: kept[element],
      shape: shapeOf(field, type.isCustom),
    });
    if (pruned === undefined) delete result[field];
    else result[field] = pruned;
  }
  return result as KubernetesObject;
}

interface Pruning {
  readonly field: string;
  readonly value: unknown;
  readonly abandoned: FieldSet;
  readonly kept: FieldSet | undefined;
  readonly shape: Shape;
}

/** The value without its abandoned parts; undefined when nothing of it is left that anyone wants. */
function prune({ field, value, abandoned, kept, shape }: Pruning): unknown {
  const children = childrenOf(field, value, shape);
  if (isMember(abandoned) && kept === undefined && (children === undefined || Array.isArray(value)))
    return undefined;
  if (children === undefined) return value;

  const left = new Map(children);
  for (const [element, node] of childEntries(abandoned)) {
    const child = left.get(element);
    if (child === undefined) continue;
    const pruned = prune({
      field: child.field,
      value: child.value,
      abandoned: node,
      kept: kept?.[element],
      shape,
    });
    const isOwnedItem = isListItem(element) && kept?.[element] === undefined && isMember(node);
    if (pruned === undefined || isOwnedItem) left.delete(element);
    else left.set(element, { ...child, value: pruned });
  }
  if (left.size === 0 && kept === undefined) return undefined;
  if (Array.isArray(value)) return [...left.values()].map((child) => child.value);
  return Object.fromEntries([...left.values()].map((child) => [child.field, child.value]));
}

function isListItem(element: string): boolean {
  return !element.startsWith('f:');
}
