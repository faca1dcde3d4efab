import type { JsonObject } from './api-object.ts';

/** One served resource: what the URL says and how its writes behave. */
export interface ResourceType {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly subresources: readonly string[];
  readonly hasGeneration: boolean;
  readonly verbs: readonly string[];
  /** Field labels that a fieldSelector may name; the server refuses others. */
  readonly selectableFields: readonly string[];
  /** The OpenAPI schema of a custom resource; built-in ones have none here. */
  readonly schema?: JsonObject;
  readonly isCustom: boolean;
}

export const ALL_VERBS = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
] as const;

/** Objects are stored per kind of resource, whatever version of it a request names. */
export function storageKey(type: ResourceType): string {
  return qualifiedPlural(type);
}

/** As the server words it in messages: `configmaps`, `applications.fiaas.schibsted.io`. */
export function qualifiedPlural(type: ResourceType): string {
  return type.group === '' ? type.plural : `${type.plural}.${type.group}`;
}

export function qualifiedKind(type: ResourceType): string {
  return type.group === '' ? type.kind : `${type.kind}.${type.group}`;
}

export function apiVersionOf(type: ResourceType): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

export function hasStatusSubresource(type: ResourceType): boolean {
  return type.subresources.includes('status');
}
