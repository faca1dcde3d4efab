import equal from 'fast-deep-equal';
import { type FieldSet, isObject, type JsonObject, type KubernetesObject } from './api-object.ts';
import { EMPTY_FIELDS, fieldNode, MEMBER } from './field-set.ts';
import { childrenOf, type Shape } from './object-shape.ts';

export interface FieldChanges {
  /** Added or given another value. */
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

/** Fields that every object has and nobody owns. */
const UNOWNED_METADATA = [
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'generation',
  'managedFields',
  'resourceVersion',
];

/** What an applied configuration claims: its leaves, not the maps that lead to them. */
export function appliedFields(object: JsonObject, isCustom: boolean): FieldSet {
  return overTopLevel(object, isCustom, (field, value, shape) => claimed(field, value, shape));
}

/** What a write changed between two states of an object. */
export function changedFields(
  before: KubernetesObject | undefined,
  after: KubernetesObject,
  isCustom: boolean,
): FieldChanges {
  const earlier = owned(before ?? {});
  const later = owned(after);
  const changed: Record<string, FieldSet> = {};
  const removed: Record<string, FieldSet> = {};

  for (const field of new Set([...Object.keys(earlier), ...Object.keys(later)])) {
    const shape = shapeOf(field, isCustom);
    const base = earlier[field] ?? (isAlwaysPresent(field, isCustom) && field in later ? {} : undefined);
    const change = compare({ field, before: base, after: later[field], shape });
    if (change.changed !== undefined) changed[`f:${field}`] = change.changed;
    if (change.removed !== undefined) removed[`f:${field}`] = change.removed;
  }
  return { changed, removed };
}

export function shapeOf(topLevelField: string, isCustom: boolean): Shape {
  return isCustom && topLevelField !== 'metadata' ? 'custom' : 'built-in';
}

function owned(object: JsonObject): JsonObject {
  const { apiVersion, kind, metadata, ...rest } = object;
  if (!isObject(metadata)) return rest;
  const entries = Object.entries(metadata).filter(([key]) => !UNOWNED_METADATA.includes(key));
  return { metadata: Object.fromEntries(entries), ...rest };
}

/** A built-in kind has its spec and status from the start, if only as empty structs: they are not "added". */
function isAlwaysPresent(field: string, isCustom: boolean): boolean {
  return field === 'metadata' || (!isCustom && (field === 'spec' || field === 'status'));
}

function overTopLevel(
  object: JsonObject,
  isCustom: boolean,
  visit: (field: string, value: unknown, shape: Shape) => FieldSet | undefined,
): FieldSet {
  const result: Record<string, FieldSet> = {};
  for (const [field, value] of Object.entries(owned(object))) {
    if (field === 'metadata' && isObject(value) && Object.keys(value).length === 0) continue;
    const node = visit(field, value, shapeOf(field, isCustom));
    if (node !== undefined) result[`f:${field}`] = node;
  }
  return result;
}

function claimed(field: string, value: unknown, shape: Shape): FieldSet | undefined {
  const children = childrenOf(field, value, shape);
  if (children === undefined || children.size === 0) return MEMBER;
  const nodes: Record<string, FieldSet> = {};
  for (const [element, child] of children) {
    const node = claimed(child.field, child.value, shape) ?? MEMBER;
    // A list item is claimed itself: it must go when nobody claims it any more.
    nodes[element] = element.startsWith('f:') ? node : (fieldNode(true, withoutSelf(node)) ?? MEMBER);
  }
  return nodes;
}

function everyField(field: string, value: unknown, shape: Shape): FieldSet {
  const nodes: Record<string, FieldSet> = {};
  for (const [element, child] of childrenOf(field, value, shape) ?? []) {
    nodes[element] = everyField(child.field, child.value, shape);
  }
  return fieldNode(true, nodes) ?? MEMBER;
}

interface Comparison {
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly shape: Shape;
}

interface NodeChanges {
  readonly changed?: FieldSet;
  readonly removed?: FieldSet;
}

function compare({ field, before, after, shape }: Comparison): NodeChanges {
  if (before === after) return {};
  if (before === undefined) return { changed: everyField(field, after, shape) };
  if (after === undefined) return { removed: everyField(field, before, shape) };

  const earlier = childrenOf(field, before, shape);
  const later = childrenOf(field, after, shape);
  if (earlier === undefined || later === undefined) {
    return equal(before, after) ? {} : { changed: everyField(field, after, shape) };
  }
  const changed: Record<string, FieldSet> = {};
  const removed: Record<string, FieldSet> = {};
  for (const element of new Set([...earlier.keys(), ...later.keys()])) {
    const child = later.get(element) ?? earlier.get(element);
    const change = compare({
      field: child?.field ?? '',
      before: earlier.get(element)?.value,
      after: later.get(element)?.value,
      shape,
    });
    if (change.changed !== undefined) changed[element] = change.changed;
    if (change.removed !== undefined) removed[element] = change.removed;
  }
  return { changed: fieldNode(false, changed), removed: fieldNode(false, removed) };
}

function withoutSelf(node: FieldSet): FieldSet {
  const { '.': self, ...children } = node;
  return self === undefined ? node : (children ?? EMPTY_FIELDS);
}
