import { readFileSync } from 'node:fs';
import { HttpMethod, type KubeConfig, RequestContext } from '@kubernetes/client-node';
import { Agent, type Dispatcher } from 'undici';

/** Service account tokens rotate: credentials are read again this often. */
const CREDENTIALS_MAX_AGE_MS = 30_000;

/** The way to one API server. */
export interface Connection {
  /** Headers and connections for a request; `fresh`: read again, since the server has refused the last ones. */
  credentials(fresh: boolean): Promise<{ headers: Record<string, string>; dispatcher: Dispatcher }>;
  close(): Promise<void>;
}

/**
 * Keeps one set of connections per cluster and credentials. The library would open a new TLS connection for every
 * request (its issue #2893), which costs two thirds of the throughput.
 */
export function keepConnection(kubeConfig: KubeConfig, server: string, maxConnections: number): Connection {
  let headers: Record<string, string> = {};
  let dispatcher: Dispatcher | undefined;
  let identity: string | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  async function read(): Promise<void> {
    const context = new RequestContext(server, HttpMethod.GET);
    const tls: Record<string, unknown> = {};
    await kubeConfig.applySecurityAuthentication(context);
    await kubeConfig.applyToHTTPSOptions(tls);
    const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = tls;
    const connect = { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername };
    headers = { ...context.getHeaders(), ...tokenFromFile(kubeConfig) };
    const now = JSON.stringify(connect);
    if (now !== identity) {
      identity = now;
      dispatcher = openDispatcher(kubeConfig, connect, maxConnections, context);
    }
    readAt = Date.now();
  }

  return {
    async credentials(fresh: boolean) {
      if (fresh || Date.now() - readAt > CREDENTIALS_MAX_AGE_MS) {
        reading ??= read().finally(() => {
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

/** Read here as well: the library remembers a token file for a minute, also after the API server has refused the token. */
function tokenFromFile(kubeConfig: KubeConfig): Record<string, string> {
  const file: unknown = kubeConfig.getCurrentUser()?.authProvider?.config?.tokenFile;
  return typeof file === 'string' ? { Authorization: `Bearer ${readFileSync(file, 'utf8').trim()}` } : {};
}

function openDispatcher(
  kubeConfig: KubeConfig,
  connect: Record<string, unknown>,
  maxConnections: number,
  context: RequestContext,
): Dispatcher {
  const { type } = kubeConfig.createDispatcherOptions(kubeConfig.getCurrentCluster(), connect);
  const theirs = context.getDispatcher() as Dispatcher | undefined;
  if ((type === 'proxy' || type === 'socks') && theirs) return theirs;
  return new Agent({ connect, connections: maxConnections, keepAliveTimeout: 60_000 });
}
