import {
  isObject,
  type JsonObject,
  type KubernetesObject,
  listAt,
  objectAt,
  stringAt,
} from './api-object.ts';
import { BUILT_IN_RESOURCES } from './built-in-resources.ts';
import { ALL_VERBS, type ResourceType } from './resource-type.ts';

/** Which resources are served: the built-in ones and those of the definitions created since. */
export interface ResourceRegistry {
  all(): readonly ResourceType[];
  find(group: string, version: string, plural: string): ResourceType | undefined;
  isServed(group: string, version: string): boolean;
  byKind(apiVersion: string, kind: string): ResourceType | undefined;
  /** Serves what a definition declares, in place of what it declared before. */
  define(definition: KubernetesObject): readonly ResourceType[];
  undefine(definition: KubernetesObject): void;
}

export function createResourceRegistry(): ResourceRegistry {
  const defined = new Map<string, readonly ResourceType[]>();
  let types: readonly ResourceType[] = BUILT_IN_RESOURCES;
  let byPath = indexByPath(types);

  function refresh(): void {
    types = [...BUILT_IN_RESOURCES, ...[...defined.values()].flat()];
    byPath = indexByPath(types);
  }

  return {
    all: () => types,
    find: (group, version, plural) => byPath.get(`${group}/${version}/${plural}`),
    isServed: (group, version) => types.some((type) => type.group === group && type.version === version),
    byKind: (apiVersion, kind) =>
      types.find((type) => type.kind === kind && versionPath(type) === apiVersion),
    define: (definition) => {
      const declared = typesOf(definition);
      defined.set(definition.metadata.name, declared);
      refresh();
      return declared;
    },
    undefine: (definition) => {
      defined.delete(definition.metadata.name);
      refresh();
    },
  };
}

function indexByPath(types: readonly ResourceType[]): ReadonlyMap<string, ResourceType> {
  return new Map(types.map((type) => [`${type.group}/${type.version}/${type.plural}`, type]));
}

function versionPath(type: ResourceType): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

function typesOf({ spec }: KubernetesObject): readonly ResourceType[] {
  const versions = listAt(spec, 'versions').filter(isObject);
  return versions.filter((version) => version.served === true).map((version) => typeOf(spec, version));
}

function typeOf(spec: unknown, version: JsonObject): ResourceType {
  const names = objectAt(spec, 'names');
  return {
    group: stringAt(spec, 'group') ?? '',
    version: stringAt(version, 'name') ?? '',
    plural: stringAt(names, 'plural') ?? '',
    singular: stringAt(names, 'singular') ?? '',
    kind: stringAt(names, 'kind') ?? '',
    namespaced: stringAt(spec, 'scope') !== 'Cluster',
    shortNames: listAt(names, 'shortNames').map(String),
    subresources: Object.keys(objectAt(version, 'subresources')),
    hasGeneration: true,
    verbs: ALL_VERBS,
    selectableFields: ['metadata.name', 'metadata.namespace'],
    schema: objectAt(objectAt(version, 'schema'), 'openAPIV3Schema'),
    isCustom: true,
  };
}
