import { isObject, type JsonObject, type KubernetesObject, listAt, objectAt } from './api-object.ts';
import { isBestEffort } from './quota.ts';
import type { ResourceType } from './resource-type.ts';

/** What the server fills in, so that reading back, applying again and comparing generations behave alike. */
export function withDefaults(type: ResourceType, object: KubernetesObject): KubernetesObject {
  return DEFAULTS[type.kind]?.(object) ?? object;
}

/** The status that a new object of the kind starts with. */
export function initialStatus(type: ResourceType, object: KubernetesObject): JsonObject | undefined {
  if (type.kind === 'Namespace') return { phase: 'Active' };
  if (type.kind === 'Pod') {
    return { phase: 'Pending', qosClass: isBestEffort(object) ? 'BestEffort' : 'Burstable' };
  }
  if (type.kind === 'CustomResourceDefinition') return newDefinitionStatus(object);
  return type.subresources.includes('status') && !type.isCustom ? {} : undefined;
}

const DEFAULTS: Readonly<Record<string, (object: KubernetesObject) => KubernetesObject>> = {
  CustomResourceDefinition: definitionDefaults,
  Deployment: deploymentDefaults,
  Namespace: namespaceDefaults,
  Pod: (pod) => ({ ...pod, spec: podSpecDefaults(pod.spec, true) }),
  ReplicaSet: (replicaSet) => ({ ...replicaSet, spec: workloadDefaults(replicaSet.spec) }),
  RoleBinding: bindingDefaults,
  ClusterRoleBinding: bindingDefaults,
  Service: serviceDefaults,
};

function namespaceDefaults(namespace: KubernetesObject): KubernetesObject {
  const { metadata } = namespace;
  const labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name };
  return {
    ...namespace,
    metadata: { ...metadata, labels },
    spec: { finalizers: ['kubernetes'], ...objectAt(namespace, 'spec') },
  };
}

function deploymentDefaults(deployment: KubernetesObject): KubernetesObject {
  const spec = workloadDefaults(deployment.spec);
  const strategy = { type: 'RollingUpdate', ...objectAt(spec, 'strategy') };
  const rollingUpdate = { maxUnavailable: '25%', maxSurge: '25%', ...objectAt(strategy, 'rollingUpdate') };
  return {
    ...deployment,
    spec: {
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      ...spec,
      strategy: strategy.type === 'RollingUpdate' ? { ...strategy, rollingUpdate } : strategy,
    },
  };
}

function workloadDefaults(spec: unknown): JsonObject {
  const given = isObject(spec) ? spec : {};
  const template = objectAt(given, 'template');
  if (!isObject(template.spec)) return { replicas: 1, ...given };
  return { replicas: 1, ...given, template: { ...template, spec: podSpecDefaults(template.spec, false) } };
}

function podSpecDefaults(spec: unknown, isPod: boolean): JsonObject {
  const given = isObject(spec) ? spec : {};
  const account = given.serviceAccountName ?? (isPod ? 'default' : undefined);
  return {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
    ...(isPod ? { enableServiceLinks: true } : {}),
    ...(account === undefined ? {} : { serviceAccountName: account, serviceAccount: account }),
    ...given,
    ...(Array.isArray(given.containers) ? { containers: given.containers.map(containerDefaults) } : {}),
  };
}

function containerDefaults(container: unknown): unknown {
  if (!isObject(container)) return container;
  const isLatest = /(:latest|^[^:@]*(:\d+\/[^:@]*)?)$/.test(String(container.image ?? ''));
  const ports = listAt(container, 'ports').map((port) => ({ protocol: 'TCP', ...(port as JsonObject) }));
  return {
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: isLatest ? 'Always' : 'IfNotPresent',
    ...container,
    ...(ports.length === 0 ? {} : { ports }),
  };
}

function serviceDefaults(service: KubernetesObject): KubernetesObject {
  const spec = objectAt(service, 'spec');
  const ports = listAt(spec, 'ports').map((port) => ({
    protocol: 'TCP',
    targetPort: isObject(port) ? port.port : undefined,
    ...(port as JsonObject),
  }));
  return { ...service, spec: { type: 'ClusterIP', sessionAffinity: 'None', ...spec, ports } };
}

function bindingDefaults(binding: KubernetesObject): KubernetesObject {
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', ...objectAt(binding, 'roleRef') };
  const subjects = listAt(binding, 'subjects').map((subject) => {
    const given = subject as JsonObject;
    const isAccount = given.kind === 'ServiceAccount';
    return isAccount ? given : { apiGroup: 'rbac.authorization.k8s.io', ...given };
  });
  return { ...binding, roleRef, ...(subjects.length === 0 ? {} : { subjects }) };
}

function definitionDefaults(definition: KubernetesObject): KubernetesObject {
  const spec = objectAt(definition, 'spec');
  const names = objectAt(spec, 'names');
  const kind = String(names.kind ?? '');
  return {
    ...definition,
    spec: {
      conversion: { strategy: 'None' },
      ...spec,
      names: { singular: kind.toLowerCase(), listKind: `${kind}List`, ...names },
    },
  };
}

function newDefinitionStatus(definition: KubernetesObject): JsonObject {
  const versions = listAt(definition.spec, 'versions').filter(
    (version) => isObject(version) && version.storage,
  );
  return {
    conditions: null,
    acceptedNames: { plural: '', kind: '' },
    storedVersions: versions.map((version) => (version as JsonObject).name),
  };
}
