import equal from 'fast-deep-equal';
import { badRequest, unusablePatch } from './api-error.ts';
import { isObject, type JsonObject } from './api-object.ts';
import { childrenOf, isAssociativeList } from './object-shape.ts';

/** RFC 7386: null removes, maps merge, all else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

/** Kubernetes' own patch, without its `$patch` directives: as a merge patch, but lists with keys merge by key. */
export function strategicMergePatch(target: unknown, patch: unknown, field = ''): unknown {
  if (isAssociativeList(field, patch, 'built-in')) return mergeKeyedList(target, patch, field);
  if (!isObject(patch)) return patch;
  if ('$patch' in patch) throw badRequest('the simulator does not know $patch directives');
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = strategicMergePatch(result[key], value, key);
  }
  return result;
}

function mergeKeyedList(target: unknown, patch: readonly unknown[], field: string): unknown {
  const items = new Map(childrenOf(field, Array.isArray(target) ? target : [], 'built-in'));
  for (const [element, child] of childrenOf(field, patch, 'built-in') ?? []) {
    items.set(element, { ...child, value: strategicMergePatch(items.get(element)?.value, child.value) });
  }
  return [...items.values()].map((item) => item.value);
}

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/** RFC 6902. Any operation that cannot be done, a failed `test` included, refuses the whole patch. */
export function jsonPatch(target: JsonObject, patch: unknown): unknown {
  if (!Array.isArray(patch)) {
    throw badRequest(
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    );
  }
  const holder = { root: copyOf(target) as unknown };
  for (const operation of patch as readonly Operation[]) runOperation(holder, operation);
  return holder.root;
}

function runOperation(holder: { root: unknown }, { op, path, from = '', value }: Operation): void {
  switch (op) {
    case 'add':
      writeAt(holder, path, value, true);
      break;
    case 'remove':
      removeAt(holder, path);
      break;
    // The real server replaces what is not there, copies nothing as null and finds that a missing field is null.
    case 'replace':
      writeAt(holder, path, value, false);
      break;
    case 'move':
      writeAt(holder, path, removeAt(holder, from), true);
      break;
    case 'copy':
      writeAt(holder, path, copyOf(valueOrUndefined(holder, from) ?? null), true);
      break;
    default:
      if (op !== 'test' || !equal(valueOrUndefined(holder, path) ?? null, value ?? null))
        throw unusablePatch();
  }
}

function valueOrUndefined(holder: { root: unknown }, path: string): unknown {
  const { parent, key } = parentOf(holder, path);
  return child(parent, key);
}

function readAt(holder: { root: unknown }, path: string): unknown {
  const value = valueOrUndefined(holder, path);
  if (value === undefined) throw unusablePatch();
  return value;
}

function writeAt(holder: { root: unknown }, path: string, value: unknown, insert: boolean): void {
  const { parent, key } = parentOf(holder, path);
  if (Array.isArray(parent)) {
    const index = key === '-' ? parent.length : listIndex(key, insert ? parent.length : parent.length - 1);
    parent.splice(index, insert ? 0 : 1, value);
    return;
  }
  if (!isObject(parent)) throw unusablePatch();
  (parent as Record<string, unknown>)[key] = value;
}

function removeAt(holder: { root: unknown }, path: string): unknown {
  const value = readAt(holder, path);
  const { parent, key } = parentOf(holder, path);
  if (Array.isArray(parent)) parent.splice(listIndex(key, parent.length - 1), 1);
  else delete (parent as Record<string, unknown>)[key];
  return value;
}

function parentOf(holder: { root: unknown }, path: string): { parent: unknown; key: string } {
  if (path === '') return { parent: holder, key: 'root' };
  if (!path.startsWith('/')) throw unusablePatch();
  const keys = path.slice(1).split('/').map(unescapedStep);
  const key = keys.pop() ?? '';
  let parent: unknown = holder.root;
  for (const step of keys) parent = child(parent, step);
  if (!isObject(parent) && !Array.isArray(parent)) throw unusablePatch();
  return { parent, key };
}

function unescapedStep(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}

function child(parent: unknown, key: string): unknown {
  if (Array.isArray(parent)) return parent[Number(key)];
  return isObject(parent) && Object.hasOwn(parent, key) ? parent[key] : undefined;
}

function listIndex(key: string, last: number): number {
  const index = Number(key);
  if (!Number.isInteger(index) || index < 0 || index > last) throw unusablePatch();
  return index;
}

/** Not structuredClone: under Jest its objects come from another realm, and equal to none of ours. */
function copyOf<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}
