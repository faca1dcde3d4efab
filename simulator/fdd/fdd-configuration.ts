import { parse } from 'yaml';
import type { KubernetesClient } from '../../shared/kubernetes/client.ts';
import { CONFIG_MAPS } from '../../shared/kubernetes/resources.ts';
import { CONFIG_MOUNT_PATH, FDD } from './fdd-names.ts';
import type { Feed } from './feed.ts';
import type { ConfigMap, Pod, PodSpec } from './kubernetes-objects.ts';
import { mainContainer } from './main-container.ts';

/** The settings in cluster_config.yaml that affect FDD's writes. */
export interface FddConfiguration {
  readonly logFormat: string;
  readonly environment: string | undefined;
  readonly includeStatusInApp: boolean;
  readonly serviceAccountPerApp: boolean;
}

const DEFAULT_CONFIGURATION: FddConfiguration = {
  logFormat: 'plain',
  environment: undefined,
  includeStatusInApp: false,
  serviceAccountPerApp: false,
};

/** The configuration in a namespace's ConfigMap. */
export type ConfigurationReader = (namespace: string) => Promise<FddConfiguration>;

export function configurationFromServer(client: KubernetesClient): ConfigurationReader {
  return async (namespace) => {
    const configMap = await client.get<ConfigMap>(CONFIG_MAPS, { namespace, name: FDD });
    return parseConfiguration(configMap?.data?.['cluster_config.yaml']);
  };
}

/** Saves a request for each namespace whose ConfigMap the feed has brought. */
export function configurationFromFeed(
  feed: Feed<ConfigMap>,
  otherwise: ConfigurationReader,
): ConfigurationReader {
  const known = new Map<string, FddConfiguration>();
  feed.listen({
    onUpsert: ({ metadata, data }) => {
      if (metadata.name !== FDD) return;
      known.set(metadata.namespace, parseConfiguration(data?.['cluster_config.yaml']));
    },
    onDelete: (key) => known.delete(key.split('/')[0] ?? ''),
  });
  return async (namespace) => known.get(namespace) ?? otherwise(namespace);
}

/** FDD reads its file once, at its start; without the mount, or with an empty one, it runs on defaults. */
export async function readMountedConfiguration(
  read: ConfigurationReader,
  pod: Pod,
): Promise<FddConfiguration> {
  return mountsConfiguration(pod.spec) ? read(pod.metadata.namespace) : DEFAULT_CONFIGURATION;
}

function parseConfiguration(text: string | undefined): FddConfiguration {
  const parsed = parseYaml(text ?? '');
  if (typeof parsed !== 'object' || parsed === null) return DEFAULT_CONFIGURATION;
  const values = new Map(Object.entries(parsed));
  return {
    logFormat: String(values.get('log-format') ?? DEFAULT_CONFIGURATION.logFormat),
    environment: values.has('environment') ? String(values.get('environment')) : undefined,
    includeStatusInApp: values.get('include-status-in-app') === true,
    serviceAccountPerApp: Boolean(values.get('enable-service-account-per-app')),
  };
}

/** Invalid YAML would make the real FDD exit; Skipper must detect it earlier. */
function parseYaml(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

function mountsConfiguration(spec: PodSpec): boolean {
  const volumes = (spec.volumes ?? []).filter((volume) => volume.configMap?.name === FDD);
  const mounts = mainContainer(spec)?.volumeMounts ?? [];
  return mounts.some(
    (mount) =>
      mount.mountPath.replace(/\/$/, '') === CONFIG_MOUNT_PATH &&
      volumes.some((volume) => volume.name === mount.name),
  );
}
