import type { FddConfiguration } from './fdd-configuration.ts';
import { CONFIG_MOUNT_PATH, DEPLOYMENT_ID_LABEL, imageVersion } from './fdd-names.ts';
import type { Application, OwnerReference } from './kubernetes-objects.ts';

export interface DeploymentRequest {
  readonly application: Application;
  readonly deploymentId: string;
  /** The version of the FDD that writes; a bootstrap has none. */
  readonly deployedBy: string;
  readonly configuration: FddConfiguration;
}

/** The Deployment that FDD makes of an Application, as far as anyone looks at it. */
export function fddDeployment(request: DeploymentRequest): Record<string, unknown> {
  const { application, configuration } = request;
  const { spec, metadata } = application;
  const name = spec.application;
  const labels = fddLabels(request);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      namespace: metadata.namespace,
      labels: { ...additional(spec.additional_labels, 'deployment'), ...labels },
      annotations: additional(spec.additional_annotations, 'deployment'),
      ownerReferences: [applicationReference(application)],
    },
    spec: {
      replicas: replicasOf(spec.config),
      selector: { matchLabels: { app: name } },
      revisionHistoryLimit: 5,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
      template: {
        metadata: {
          labels: { ...additional(spec.additional_labels, 'pod'), ...labels, 'fiaas/status': 'active' },
          annotations: additional(spec.additional_annotations, 'pod'),
        },
        spec: podSpec(application, configuration),
      },
    },
  };
}

export function applicationReference({
  metadata,
  apiVersion,
}: Application & { apiVersion?: string }): OwnerReference {
  return {
    apiVersion: apiVersion ?? 'fiaas.schibsted.io/v1',
    kind: 'Application',
    name: metadata.name,
    uid: metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

function fddLabels({ application, deploymentId, deployedBy }: DeploymentRequest): Record<string, string> {
  return {
    app: application.spec.application,
    'fiaas/version': imageVersion(application.spec.image),
    [DEPLOYMENT_ID_LABEL]: deploymentId,
    'fiaas/deployed_by': deployedBy,
  };
}

function podSpec({ spec }: Application, configuration: FddConfiguration): Record<string, unknown> {
  const name = spec.application;
  return {
    serviceAccountName: configuration.serviceAccountPerApp ? name : 'default',
    automountServiceAccountToken: spec.config?.admin_access === true,
    terminationGracePeriodSeconds: 30,
    volumes: [
      { name: `${name}-config`, configMap: { name, optional: true } },
      { name: 'tmp', emptyDir: {} },
    ],
    containers: [
      {
        name,
        image: spec.image,
        imagePullPolicy: 'IfNotPresent',
        ports: [{ name: 'http', containerPort: 5000, protocol: 'TCP' }],
        env: environment(spec.application, spec.image, configuration),
        envFrom: [{ configMapRef: { name, optional: true } }],
        resources: resourcesOf(spec.config),
        livenessProbe: probe(),
        readinessProbe: probe(),
        volumeMounts: [
          { name: `${name}-config`, readOnly: true, mountPath: `${CONFIG_MOUNT_PATH}/` },
          { name: 'tmp', mountPath: '/tmp' },
        ],
      },
    ],
  };
}

function environment(
  name: string,
  image: string,
  { logFormat, environment: environmentName }: FddConfiguration,
): readonly { name: string; value: string }[] {
  const version = imageVersion(image);
  const values: Record<string, string> = {
    ARTIFACT_NAME: name,
    CONSTRETTO_TAGS: 'kubernetes',
    FIAAS_ARTIFACT_NAME: name,
    FIAAS_IMAGE: image,
    FIAAS_INFRASTRUCTURE: 'diy',
    FIAAS_VERSION: version,
    IMAGE: image,
    LOG_FORMAT: logFormat,
    LOG_STDOUT: 'true',
    VERSION: version,
    ...(environmentName === undefined ? {} : namedEnvironment(environmentName)),
  };
  return Object.entries(values)
    .map(([key, value]) => ({ name: key, value }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function namedEnvironment(name: string): Record<string, string> {
  return {
    FINN_ENV: name,
    FIAAS_ENVIRONMENT: name,
    CONSTRETTO_TAGS: `kubernetes-${name},kubernetes,${name}`,
  };
}

function probe(): Record<string, unknown> {
  return {
    httpGet: { path: '/healthz', port: 'http', scheme: 'HTTP' },
    initialDelaySeconds: 10,
    periodSeconds: 10,
    timeoutSeconds: 1,
    successThreshold: 1,
    failureThreshold: 3,
  };
}

function replicasOf(config: Application['spec']['config']): number {
  const replicas = config?.replicas;
  if (typeof replicas !== 'object' || replicas === null || !('maximum' in replicas)) return 1;
  return typeof replicas.maximum === 'number' ? replicas.maximum : 1;
}

function resourcesOf(config: Application['spec']['config']): Record<string, unknown> {
  const resources = config?.resources;
  return typeof resources === 'object' && resources !== null ? { ...resources } : {};
}

function additional(
  groups: Readonly<Record<string, Readonly<Record<string, string>>>> | undefined,
  group: string,
): Record<string, string> {
  return { ...groups?.global, ...groups?.[group] };
}
