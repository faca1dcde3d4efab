import type { ResourceRegistry } from './resource-registry.ts';
import { apiVersionOf, type ResourceType } from './resource-type.ts';

const VERSION = {
  major: '1',
  minor: '37',
  gitVersion: 'v1.37.2+simulated',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: 'linux/amd64',
};

/** The JSON of a discovery path; undefined when it is none or nothing is served there. */
export function discoveryDocument(path: string, registry: ResourceRegistry): object | undefined {
  if (path === '/version') return VERSION;
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
  if (path === '/api/v1') return resourceList(registry, '', 'v1');
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groupList(registry) };

  const [, root, group, version, ...rest] = path.split('/');
  if (root !== 'apis' || group === undefined || rest.length > 0) return undefined;
  if (version !== undefined) return resourceList(registry, group, version);
  const found = groupList(registry).find(({ name }) => name === group);
  return found && { kind: 'APIGroup', apiVersion: 'v1', ...found };
}

function groupList(registry: ResourceRegistry) {
  const names = new Set(registry.all().map((type) => type.group));
  names.delete('');
  return [...names].sort().map((name) => {
    const versions = versionsOf(registry, name);
    return { name, versions, preferredVersion: versions[0] };
  });
}

function versionsOf(registry: ResourceRegistry, group: string) {
  const versions = new Set(registry.all().flatMap((type) => (type.group === group ? [type.version] : [])));
  return [...versions].map((version) => ({ groupVersion: `${group}/${version}`, version }));
}

function resourceList(registry: ResourceRegistry, group: string, version: string): object | undefined {
  const types = registry.all().filter((type) => type.group === group && type.version === version);
  const [first] = types;
  if (first === undefined) return undefined;
  const resources = types.flatMap((type) => [resourceEntry(type), ...subresourceEntries(type)]);
  const groupVersion = apiVersionOf(first);
  return { kind: 'APIResourceList', ...(group === '' ? {} : { apiVersion: 'v1' }), groupVersion, resources };
}

function resourceEntry({ plural, singular, namespaced, kind, verbs, shortNames }: ResourceType) {
  const aliases = shortNames.length === 0 ? {} : { shortNames };
  return { name: plural, singularName: singular, namespaced, kind, verbs, ...aliases };
}

function subresourceEntries({ subresources, plural, namespaced, kind }: ResourceType) {
  return subresources.map((subresource) => ({
    name: `${plural}/${subresource}`,
    singularName: '',
    namespaced,
    kind,
    verbs: SUBRESOURCE_VERBS[subresource] ?? ['get', 'patch', 'update'],
  }));
}

const SUBRESOURCE_VERBS: Readonly<Record<string, readonly string[]>> = {
  binding: ['create'],
  finalize: ['update'],
  log: ['get'],
};
