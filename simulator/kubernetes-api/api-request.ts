import { methodNotAllowed, unknownResource } from './api-error.ts';
import type { ResourceRegistry } from './resource-registry.ts';
import type { ResourceType } from './resource-type.ts';

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

/** A request for a resource, as its URL tells it. */
export interface ApiRequest {
  readonly verb: Verb;
  readonly type: ResourceType;
  /** Undefined for cluster-wide resources and for lists over all namespaces. */
  readonly namespace: string | undefined;
  /** Empty for collections. */
  readonly name: string;
  readonly subresource: string | undefined;
  readonly query: URLSearchParams;
}

/** Undefined when no resource could be meant; throws when one is meant that is not served. */
export function parseApiRequest(
  method: string,
  url: URL,
  registry: ResourceRegistry,
): ApiRequest | undefined {
  const steps = url.pathname
    .split('/')
    .filter((step) => step !== '')
    .map(decodeURIComponent);
  const [group, version, path] = splitVersion(steps);
  if (version === undefined || path.length === 0 || !registry.isServed(group, version)) return undefined;

  const isLegacyWatch = path[0] === 'watch';
  const target = parseTarget(isLegacyWatch ? path.slice(1) : path);
  const type = registry.find(group, version, target.plural);
  if (type === undefined || !isPlausible(type, target)) throw unknownResource();
  const query = withSingleObject(url.searchParams, isLegacyWatch ? target.name : '');
  const name = isLegacyWatch ? '' : target.name;
  const verb = isLegacyWatch ? 'watch' : verbOf(method, target, query);
  return { verb, type, namespace: target.namespace, name, subresource: target.subresource, query };
}

function splitVersion(steps: readonly string[]): [string, string | undefined, readonly string[]] {
  const [root, ...rest] = steps;
  if (root === 'api') return ['', rest[0], rest.slice(1)];
  if (root === 'apis') return [rest[0] ?? '', rest[1], rest.slice(2)];
  return ['', undefined, []];
}

interface Target {
  readonly namespace: string | undefined;
  readonly plural: string;
  readonly name: string;
  readonly subresource: string | undefined;
}

function parseTarget(path: readonly string[]): Target {
  const [first = '', second, third, ...rest] = path;
  // `namespaces/x` and `namespaces/x/status` are about the namespace, deeper paths about what is in it.
  const isInNamespace =
    first === 'namespaces' && third !== undefined && third !== 'status' && third !== 'finalize';
  if (isInNamespace) {
    return { namespace: second, plural: third, name: rest[0] ?? '', subresource: rest[1] };
  }
  return { namespace: undefined, plural: first, name: second ?? '', subresource: third };
}

function isPlausible(type: ResourceType, { namespace, name, subresource }: Target): boolean {
  if (subresource !== undefined && !type.subresources.includes(subresource)) {
    // A custom resource without the subresource is not found by name; see the writer.
    return type.isCustom && subresource === 'status';
  }
  if (!type.namespaced) return namespace === undefined;
  return namespace !== undefined || name === '';
}

function withSingleObject(query: URLSearchParams, name: string): URLSearchParams {
  if (name === '') return query;
  const narrowed = new URLSearchParams(query);
  narrowed.set('fieldSelector', `metadata.name=${name}`);
  return narrowed;
}

function verbOf(method: string, { name, subresource }: Target, query: URLSearchParams): Verb {
  if (subresource === 'binding' && method === 'POST') return 'create';
  const isWatch = ['true', '1'].includes(query.get('watch') ?? '');
  const verbs = name === '' ? COLLECTION_VERBS : OBJECT_VERBS;
  const verb = verbs[method];
  if (verb === undefined) throw methodNotAllowed();
  return verb === 'list' && isWatch ? 'watch' : verb;
}

const COLLECTION_VERBS: Readonly<Record<string, Verb>> = {
  DELETE: 'deletecollection',
  GET: 'list',
  POST: 'create',
};

const OBJECT_VERBS: Readonly<Record<string, Verb>> = {
  DELETE: 'delete',
  GET: 'get',
  PATCH: 'patch',
  PUT: 'update',
};
