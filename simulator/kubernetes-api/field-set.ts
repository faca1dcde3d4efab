import type { FieldSet } from './api-object.ts';

/** Set algebra on fieldsV1 trees. A tree's root is never a member itself; `{}` below the root is one. */

export const EMPTY_FIELDS: FieldSet = {};
export const MEMBER: FieldSet = {};

export function isEmptySet(set: FieldSet): boolean {
  return Object.keys(set).length === 0;
}

export function isMember(node: FieldSet): boolean {
  return '.' in node || Object.keys(node).length === 0;
}

export function childEntries(node: FieldSet): [string, FieldSet][] {
  return Object.entries(node).filter(([element]) => element !== '.');
}

/** A node from its two halves; undefined when it would stand for nothing. */
export function fieldNode(member: boolean, children: FieldSet): FieldSet | undefined {
  if (isEmptySet(children)) return member ? MEMBER : undefined;
  return member ? { '.': MEMBER, ...children } : children;
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  const result: Record<string, FieldSet> = Object.fromEntries(childEntries(a));
  for (const [element, node] of childEntries(b)) {
    const existing = result[element];
    result[element] = existing === undefined ? node : unionOfNodes(existing, node);
  }
  return result;
}

export function difference(a: FieldSet, b: FieldSet): FieldSet {
  const result: Record<string, FieldSet> = {};
  for (const [element, node] of childEntries(a)) {
    const other = b[element];
    const left = other === undefined ? node : differenceOfNodes(node, other);
    if (left !== undefined) result[element] = left;
  }
  return result;
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const result: Record<string, FieldSet> = {};
  for (const [element, node] of childEntries(a)) {
    const other = b[element];
    const shared = other === undefined ? undefined : intersectionOfNodes(node, other);
    if (shared !== undefined) result[element] = shared;
  }
  return result;
}

/** Every member's path, written as the server names fields in conflicts: `.spec.image`. */
export function memberPaths(set: FieldSet, prefix = ''): readonly string[] {
  return childEntries(set).flatMap(([element, node]) => {
    const path = prefix + pathElement(element);
    const below = memberPaths(node, path);
    return isMember(node) ? [path, ...below] : below;
  });
}

function unionOfNodes(a: FieldSet, b: FieldSet): FieldSet {
  return fieldNode(isMember(a) || isMember(b), union(a, b)) ?? MEMBER;
}

function differenceOfNodes(a: FieldSet, b: FieldSet): FieldSet | undefined {
  return fieldNode(isMember(a) && !isMember(b), difference(a, b));
}

function intersectionOfNodes(a: FieldSet, b: FieldSet): FieldSet | undefined {
  return fieldNode(isMember(a) && isMember(b), intersection(a, b));
}

function pathElement(element: string): string {
  const text = element.slice(2);
  if (element.startsWith('f:')) return `.${text}`;
  if (element.startsWith('v:')) return `[=${text}]`;
  const keys = Object.entries(JSON.parse(text) as Record<string, unknown>);
  return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
}
