import { existsSync } from 'node:fs';
import { KubeConfig, type User } from '@kubernetes/client-node';

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

export interface KubernetesAccess {
  readonly kubeconfig?: string | undefined;
  readonly apiServer?: string | undefined;
  readonly apiToken?: string | undefined;
  readonly apiCert?: string | undefined;
  readonly clientCert?: string | undefined;
  readonly clientKey?: string | undefined;
  /** Do not verify the API server's certificate (upstream's --debug). */
  readonly skipTlsVerify?: boolean | undefined;
}

/** Explicit server and token first (upstream's flags), then a kubeconfig, then the pod's service account. */
export function loadKubeConfig(access: KubernetesAccess): KubeConfig {
  const kubeConfig = new KubeConfig();
  load(kubeConfig, access);
  // The library refuses plain HTTP (kubectl proxy, a sidecar) unless TLS is said to be unverified, which it is.
  kubeConfig.clusters = kubeConfig.clusters.map((cluster) =>
    cluster.server.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster,
  );
  return kubeConfig;
}

function load(kubeConfig: KubeConfig, access: KubernetesAccess): void {
  if (access.apiServer !== undefined) {
    kubeConfig.loadFromClusterAndUser(
      {
        name: 'skipper',
        server: access.apiServer,
        skipTLSVerify: access.skipTlsVerify ?? false,
        ...(access.apiCert === undefined ? {} : { caFile: access.apiCert }),
      },
      userOf(access),
    );
  } else if (access.kubeconfig !== undefined) kubeConfig.loadFromFile(access.kubeconfig);
  else kubeConfig.loadFromDefault();
}

/** Without a token: the pod's own, which the library reads again every minute; without that, no credentials. */
function userOf(access: KubernetesAccess): User {
  const name = 'skipper';
  if (access.clientCert !== undefined && access.clientKey !== undefined) {
    return { name, certFile: access.clientCert, keyFile: access.clientKey };
  }
  if (access.apiToken !== undefined) return { name, token: access.apiToken };
  const tokenFile = `${SERVICE_ACCOUNT}/token`;
  if (!existsSync(tokenFile)) return { name };
  return { name, authProvider: { name: 'tokenFile', config: { tokenFile } } };
}
