import {
  APP_LABEL,
  BOOTSTRAP_FOR_ANNOTATION,
  BOOTSTRAP_POD,
  CONFIG_MAP,
  CONFIG_MOUNT_PATH,
  FDD,
} from '../cluster/names.ts';
import type { NamespaceConfig } from '../cluster/namespace-config.ts';
import type { Release } from '../release/release.ts';
import { type BootstrapArgument, supportsArgument } from './fdd-features.ts';

/** The part of a ResourceQuota that decides whether a pod can request resources. */
export interface QuotaObject {
  readonly spec?: {
    readonly hard?: Readonly<Record<string, string>>;
    readonly scopes?: readonly string[];
  };
}

export interface BootstrapPodOptions {
  readonly config: NamespaceConfig;
  readonly release: Release;
  readonly deploymentId: string;
  readonly quotas: readonly QuotaObject[];
  readonly manageRbac: boolean;
}

/**
 * The bare pod that deploys FDD if none runs: upstream's, with the namespace's ConfigMap mounted. Without that mount the
 * first FDD would be deployed with defaults and keep them (fdd#69: a deployment id that succeeded is never redone).
 */
export function bootstrapPodManifest(options: BootstrapPodOptions) {
  const { config, release, deploymentId } = options;
  const resources = allowsOnlyBestEffort(options.quotas) ? undefined : resourcesOf(release);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: BOOTSTRAP_POD,
      namespace: config.namespace,
      labels: { [APP_LABEL]: BOOTSTRAP_POD },
      annotations: { ...podAnnotations(release), [BOOTSTRAP_FOR_ANNOTATION]: deploymentId },
    },
    spec: {
      restartPolicy: 'Never',
      dnsPolicy: 'ClusterFirst',
      serviceAccountName: options.manageRbac ? FDD : 'default',
      containers: [
        {
          name: BOOTSTRAP_POD,
          image: release.image,
          imagePullPolicy: 'IfNotPresent',
          command: ['fiaas-deploy-daemon-bootstrap'],
          args: bootstrapArguments(config, release.version),
          ...(resources === undefined ? {} : { resources }),
          volumeMounts: [{ name: 'config', mountPath: CONFIG_MOUNT_PATH, readOnly: true }],
        },
      ],
      volumes: [{ name: 'config', configMap: { name: CONFIG_MAP, optional: true } }],
    },
  };
}

/** In upstream's order. An image older than an argument would reject it. */
export function bootstrapArguments(config: NamespaceConfig, version: string): BootstrapArgument[] {
  const wanted: readonly (readonly [BootstrapArgument, boolean])[] = [
    ['--enable-crd-support', true],
    ['--use-apiextensionsv1-crd', true],
    ['--enable-service-account-per-app', config.enableServiceAccountPerApp],
    ['--use-networkingv1-ingress', config.useNetworkingV1Ingress],
  ];
  return wanted
    .filter(([argument, on]) => on && supportsArgument(version, argument))
    .map(([argument]) => argument);
}

/** True if a quota rejects every pod that requests resources. */
export function allowsOnlyBestEffort(quotas: readonly QuotaObject[]): boolean {
  return quotas.some(
    (quota) => quota.spec?.hard?.pods === '0' && (quota.spec.scopes ?? []).includes('NotBestEffort'),
  );
}

function resourcesOf(release: Release): Record<string, unknown> | undefined {
  const resources = asMapping(release.config.resources);
  const chosen = Object.fromEntries(
    Object.entries(resources).filter(([key, value]) => (key === 'limits' || key === 'requests') && value),
  );
  return Object.keys(chosen).length === 0 ? undefined : chosen;
}

function podAnnotations(release: Release): Record<string, string> {
  const annotations = asMapping(asMapping(release.config.annotations).pod);
  return Object.fromEntries(Object.entries(annotations).map(([key, value]) => [key, String(value)]));
}

function asMapping(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
