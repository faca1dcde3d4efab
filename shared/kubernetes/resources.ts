/** The Kubernetes resources that Skipper and FDD use, and their API paths. */
export interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

function resource(apiVersion: string, kind: string, plural: string, namespaced = true): Resource {
  return { apiVersion, kind, plural, namespaced };
}

export const FIAAS_GROUP = 'fiaas.schibsted.io';

export const APPLICATIONS = resource(`${FIAAS_GROUP}/v1`, 'Application', 'applications');
export const APPLICATION_STATUSES = resource(
  `${FIAAS_GROUP}/v1`,
  'ApplicationStatus',
  'application-statuses',
);
export const CONFIG_MAPS = resource('v1', 'ConfigMap', 'configmaps');
export const DEPLOYMENTS = resource('apps/v1', 'Deployment', 'deployments');
export const EVENTS = resource('v1', 'Event', 'events');
/** The same objects as `EVENTS`, as controllers write them. */
export const APPLICATION_EVENTS = resource('events.k8s.io/v1', 'Event', 'events');
export const NAMESPACES = resource('v1', 'Namespace', 'namespaces', false);
export const NODES = resource('v1', 'Node', 'nodes', false);
export const PODS = resource('v1', 'Pod', 'pods');
export const RESOURCE_QUOTAS = resource('v1', 'ResourceQuota', 'resourcequotas');
export const SERVICE_ACCOUNTS = resource('v1', 'ServiceAccount', 'serviceaccounts');
export const ROLES = resource('rbac.authorization.k8s.io/v1', 'Role', 'roles');
export const ROLE_BINDINGS = resource('rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings');
export const CUSTOM_RESOURCE_DEFINITIONS = resource(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  'customresourcedefinitions',
  false,
);

/** `/apis/apps/v1/namespaces/team-a/deployments/fiaas-deploy-daemon/status` and its shorter forms. */
export function pathOf(
  target: Resource,
  { namespace, name, subresource }: { namespace?: string; name?: string; subresource?: string } = {},
): string {
  const root = target.apiVersion.includes('/') ? `/apis/${target.apiVersion}` : `/api/${target.apiVersion}`;
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  const item = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  return `${root}${scope}/${target.plural}${item}${subresource === undefined ? '' : `/${subresource}`}`;
}
