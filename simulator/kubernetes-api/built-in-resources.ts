import { ALL_VERBS, type ResourceType } from './resource-type.ts';

const METADATA_FIELDS = ['metadata.name', 'metadata.namespace'];

const POD_FIELDS = [
  ...METADATA_FIELDS,
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.serviceAccountName',
  'status.phase',
  'status.podIP',
];

const EVENT_FIELDS = [
  ...METADATA_FIELDS,
  'involvedObject.kind',
  'involvedObject.namespace',
  'involvedObject.name',
  'involvedObject.uid',
  'involvedObject.apiVersion',
  'involvedObject.resourceVersion',
  'involvedObject.fieldPath',
  'reason',
  'reportingComponent',
  'source',
  'type',
];

const STATUS = { subresources: ['status'] };
const SPEC_AND_STATUS = { ...STATUS, hasGeneration: true };
const CLUSTER_WIDE = { namespaced: false };
const NO_OBJECTS = { namespaced: false, verbs: ['create'] };

/** Only what Skipper, fiaas-deploy-daemon and the simulated cluster touch. */
export const BUILT_IN_RESOURCES: readonly ResourceType[] = [
  resource('', 'v1', 'configmaps', 'ConfigMap', { shortNames: ['cm'] }),
  resource('', 'v1', 'events', 'Event', { shortNames: ['ev'], selectableFields: EVENT_FIELDS }),
  resource('', 'v1', 'namespaces', 'Namespace', {
    ...CLUSTER_WIDE,
    subresources: ['status', 'finalize'],
    shortNames: ['ns'],
    selectableFields: ['metadata.name', 'status.phase'],
  }),
  resource('', 'v1', 'nodes', 'Node', {
    ...CLUSTER_WIDE,
    ...STATUS,
    shortNames: ['no'],
    selectableFields: ['metadata.name', 'spec.unschedulable'],
  }),
  resource('', 'v1', 'pods', 'Pod', {
    hasGeneration: true,
    subresources: ['status', 'binding', 'log'],
    shortNames: ['po'],
    selectableFields: POD_FIELDS,
  }),
  resource('', 'v1', 'resourcequotas', 'ResourceQuota', { ...STATUS, shortNames: ['quota'] }),
  resource('', 'v1', 'serviceaccounts', 'ServiceAccount', { shortNames: ['sa'] }),
  resource('', 'v1', 'services', 'Service', { ...STATUS, shortNames: ['svc'] }),
  resource('apps', 'v1', 'deployments', 'Deployment', { ...SPEC_AND_STATUS, shortNames: ['deploy'] }),
  resource('apps', 'v1', 'replicasets', 'ReplicaSet', { ...SPEC_AND_STATUS, shortNames: ['rs'] }),
  resource('authorization.k8s.io', 'v1', 'selfsubjectaccessreviews', 'SelfSubjectAccessReview', NO_OBJECTS),
  resource('autoscaling', 'v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler', {
    ...STATUS,
    shortNames: ['hpa'],
  }),
  resource('autoscaling', 'v1', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler', {
    ...STATUS,
    shortNames: ['hpa'],
  }),
  resource('events.k8s.io', 'v1', 'events', 'Event', { shortNames: ['ev'] }),
  resource('apiextensions.k8s.io', 'v1', 'customresourcedefinitions', 'CustomResourceDefinition', {
    ...CLUSTER_WIDE,
    ...SPEC_AND_STATUS,
    shortNames: ['crd', 'crds'],
  }),
  resource('networking.k8s.io', 'v1', 'ingresses', 'Ingress', {
    ...SPEC_AND_STATUS,
    singular: 'ingress',
    shortNames: ['ing'],
  }),
  resource('policy', 'v1', 'poddisruptionbudgets', 'PodDisruptionBudget', {
    ...SPEC_AND_STATUS,
    shortNames: ['pdb'],
  }),
  resource('rbac.authorization.k8s.io', 'v1', 'clusterrolebindings', 'ClusterRoleBinding', CLUSTER_WIDE),
  resource('rbac.authorization.k8s.io', 'v1', 'clusterroles', 'ClusterRole', CLUSTER_WIDE),
  resource('rbac.authorization.k8s.io', 'v1', 'rolebindings', 'RoleBinding'),
  resource('rbac.authorization.k8s.io', 'v1', 'roles', 'Role'),
];

// Four words place a resource; a record of them would only be longer.
function resource(
  group: string,
  version: string,
  plural: string,
  kind: string,
  differences: Partial<ResourceType> = {},
): ResourceType {
  return {
    group,
    version,
    plural,
    singular: kind.toLowerCase(),
    kind,
    namespaced: true,
    shortNames: [],
    subresources: [],
    hasGeneration: false,
    verbs: ALL_VERBS,
    selectableFields: METADATA_FIELDS,
    isCustom: false,
    ...differences,
  };
}
