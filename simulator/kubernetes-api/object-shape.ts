import { isObject, type JsonObject } from './api-object.ts';

/** How server-side apply sees a value: which of its parts can be owned one by one. */
export type Children = ReadonlyMap<string, Child>;

export interface Child {
  /** The field's name; that of the list with `[]` for a list item. */
  readonly field: string;
  readonly value: unknown;
}

export type Shape = 'built-in' | 'custom';

/** The fields of built-in kinds whose lists are merged by key, as their OpenAPI documents say. */
const LIST_KEYS: Readonly<Record<string, readonly string[]>> = {
  addresses: ['type'],
  conditions: ['type'],
  containers: ['name'],
  containerStatuses: ['name'],
  env: ['name'],
  imagePullSecrets: ['name'],
  initContainers: ['name'],
  ownerReferences: ['uid'],
  secrets: ['name'],
  volumeMounts: ['mountPath'],
  volumes: ['name'],
};

const LISTS_AS_SETS: ReadonlySet<string> = new Set(['finalizers']);

const ATOMIC_MAPS: ReadonlySet<string> = new Set([
  'configMapKeyRef',
  'fieldRef',
  'nodeSelector',
  // Items: keyed by uid in their list, but each is owned as a whole.
  'ownerReferences[]',
  'resourceFieldRef',
  'roleRef',
  'secretKeyRef',
  'selector',
]);

/** The separately owned parts of a value; undefined when it is owned as one. */
export function childrenOf(field: string, value: unknown, shape: Shape): Children | undefined {
  if (Array.isArray(value)) return listChildren(field, value, shape);
  if (!isObject(value) || (shape === 'built-in' && ATOMIC_MAPS.has(field))) return undefined;
  return new Map(mapEntries(value).map(([key, child]) => [`f:${key}`, { field: key, value: child }]));
}

/** Whether the list's items are known by key or value, so that it is merged and not replaced. */
export function isAssociativeList(field: string, value: unknown, shape: Shape): value is readonly unknown[] {
  return Array.isArray(value) && childrenOf(field, value, shape) !== undefined;
}

function mapEntries(map: JsonObject): [string, unknown][] {
  return Object.entries(map).filter(([, child]) => child !== undefined);
}

function listChildren(field: string, list: readonly unknown[], shape: Shape): Children | undefined {
  if (shape === 'custom') return undefined;
  if (LISTS_AS_SETS.has(field)) {
    return new Map(list.map((value) => [`v:${JSON.stringify(value)}`, { field: `${field}[]`, value }]));
  }
  const keys = listKeys(field, list);
  if (keys === undefined || !list.every(isObject)) return undefined;
  return new Map(list.map((item) => [itemElement(item, keys), { field: `${field}[]`, value: item }]));
}

function listKeys(field: string, list: readonly unknown[]): readonly string[] | undefined {
  if (field !== 'ports') return LIST_KEYS[field];
  const isContainerPorts = isObject(list[0]) && 'containerPort' in list[0];
  return [isContainerPorts ? 'containerPort' : 'port', 'protocol'];
}

function itemElement(item: JsonObject, keys: readonly string[]): string {
  const key = Object.fromEntries(keys.map((name) => [name, item[name] ?? KEY_DEFAULTS[name]]));
  return `k:${JSON.stringify(key)}`;
}

const KEY_DEFAULTS: Readonly<Record<string, string>> = { protocol: 'TCP' };
