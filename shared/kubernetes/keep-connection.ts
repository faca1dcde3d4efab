import { readFileSync } from 'node:fs';
import { Agent, type Dispatcher } from 'undici';
import { openConnector } from '../network/open-connector.ts';
import { HttpMethod, KubeConfig, RequestContext } from './client-library.ts';
import { type CredentialPlugin, createCredentialPlugin } from './credential-plugin.ts';

/** Service account tokens rotate: credentials are read again this often. */
const CREDENTIALS_MAX_AGE_MS = 30_000;

/** The connections to an API server, and the credentials for it. */
export interface Connection {
  /** Headers and connections for a request; `fresh`: credentials are read again, because the server refused the last ones. */
  credentials(fresh: boolean): Promise<{ headers: Record<string, string>; dispatcher: Dispatcher }>;
  close(): Promise<void>;
}

/**
 * Keeps one set of connections per cluster and credentials. The library would open a new TLS connection for every
 * request (its issue #2893), which costs two thirds of the throughput.
 */
export function keepConnection(given: KubeConfig, server: string, maxConnections: number): Connection {
  const { kubeConfig, plugin } = takePlugin(given);
  let headers: Record<string, string> = {};
  let dispatcher: Dispatcher | undefined;
  let identity: string | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  async function read(fresh: boolean): Promise<void> {
    const context = new RequestContext(server, HttpMethod.GET);
    const tls: Record<string, unknown> = {};
    await kubeConfig.applySecurityAuthentication(context);
    await kubeConfig.applyToHTTPSOptions(tls);
    const credential = await plugin?.credential(fresh);
    if (credential?.clientCertificateData !== undefined) {
      Object.assign(tls, { cert: credential.clientCertificateData, key: credential.clientKeyData });
    }
    const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = tls;
    const connect = { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername };
    headers = { ...context.getHeaders(), ...tokenFromFile(kubeConfig), ...bearer(credential?.token) };
    const now = JSON.stringify(connect);
    if (now !== identity) {
      identity = now;
      // Running requests, including watches, stay on the connections on which they started.
      dispatcher?.close().catch(() => undefined);
      dispatcher = openDispatcher(kubeConfig, connect, maxConnections, context);
    }
    readAt = Date.now();
  }

  return {
    async credentials(fresh: boolean) {
      if (fresh || Date.now() - readAt > CREDENTIALS_MAX_AGE_MS) {
        reading ??= read(fresh).finally(() => {
          reading = undefined;
        });
        await reading;
      }
      if (!dispatcher) throw new Error('no connection to the cluster');
      return { headers, dispatcher };
    },
    async close() {
      await dispatcher?.destroy();
    },
  };
}

/** Read here, too: the library caches a token file for a minute, even after the API server has refused the token. */
function tokenFromFile(kubeConfig: KubeConfig): Record<string, string> {
  const file: unknown = kubeConfig.getCurrentUser()?.authProvider?.config?.tokenFile;
  return bearer(typeof file === 'string' ? readFileSync(file, 'utf8').trim() : undefined);
}

function bearer(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { Authorization: `Bearer ${token}` };
}

/**
 * Credential plugins are run here: the library runs them without a timeout, and keeps their credentials even after the
 * API server has refused them.
 */
function takePlugin(kubeConfig: KubeConfig): { kubeConfig: KubeConfig; plugin?: CredentialPlugin } {
  const user = kubeConfig.getCurrentUser();
  const exec: unknown = user?.exec ?? user?.authProvider?.config?.exec;
  if (!user || !exec) return { kubeConfig };
  const { exec: _exec, authProvider: _provider, ...rest } = user;
  const without = new KubeConfig();
  without.loadFromOptions({
    clusters: kubeConfig.getClusters(),
    contexts: kubeConfig.getContexts(),
    users: [rest, ...kubeConfig.getUsers().filter(({ name }) => name !== user.name)],
    currentContext: kubeConfig.getCurrentContext(),
  });
  return { kubeConfig: without, plugin: createCredentialPlugin(exec, kubeConfig.getCurrentCluster()) };
}

function openDispatcher(
  kubeConfig: KubeConfig,
  tls: Record<string, unknown>,
  maxConnections: number,
  context: RequestContext,
): Dispatcher {
  const proxy = kubeConfig.getCurrentCluster()?.proxyUrl;
  const theirs = context.getDispatcher() as Dispatcher | undefined;
  if (proxy?.startsWith('socks') && theirs) return theirs;
  const connect = openConnector({ tls, proxyFor: () => proxy });
  return new Agent({ connect, connections: maxConnections, keepAliveTimeout: 60_000 });
}
