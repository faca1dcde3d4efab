import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction, Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { buildConnector } from 'undici';
import { basicAuthorization } from '../url-credentials.ts';

/** The timeout for connecting to the server, for connecting to a proxy and its response, and for each TLS handshake. */
const CONNECT_TIMEOUT_MS = 10_000;
/** As in client-go: shorter than the idle timeouts of load balancers. */
const KEEP_ALIVE_DELAY_MS = 30_000;

export type Target = Pick<buildConnector.Options, 'hostname' | 'port' | 'protocol'>;

export interface ConnectorOptions {
  /** TLS to servers. */
  readonly tls?: ConnectionOptions;
  /** TLS to the proxy itself. */
  readonly proxyTls?: ConnectionOptions;
  /** For connections without a proxy. */
  readonly lookup?: LookupFunction;
  /** The proxy for a server; undefined: none. */
  readonly proxyFor: (target: Target) => string | undefined;
  readonly timeoutMs?: number;
}

/**
 * Opens connections, directly or through a proxy's tunnel, each with its own timeout. undici's ProxyAgent waits forever
 * for a proxy that does not respond, and reconnects without delay to one that closes the connection.
 */
export function openConnector(options: ConnectorOptions): buildConnector.connector {
  const { tls, lookup, proxyFor, timeoutMs = CONNECT_TIMEOUT_MS } = options;
  const common = { ...tls, timeout: timeoutMs, keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS };
  const direct = buildConnector({ ...common, ...(lookup && { lookup }) } as buildConnector.BuildOptions);
  const overTunnel = buildConnector(common as buildConnector.BuildOptions);

  return (target, callback) => {
    const done = onceOnly(callback);
    const proxy = proxyFor(target);
    if (proxy === undefined) return direct(target, done);
    openTunnel(new URL(proxy), target, { ...options, timeoutMs }).then(
      (socket) => {
        if (target.protocol !== 'https:') return done(null, socket);
        overTunnel({ ...target, httpSocket: socket } as buildConnector.Options, done);
      },
      (error: Error) => done(error, null),
    );
  };
}

/** After these errors undici does not fail the waiting requests: it reconnects, at once and forever. */
const ENDLESS = new Set(['UND_ERR_SOCKET', 'UND_ERR_INFO', 'ERR_TLS_CERT_ALTNAME_INVALID']);

/** Removes the code of an error that undici would retry forever. */
function onceOnly(callback: buildConnector.Callback): buildConnector.Callback {
  let isDone = false;
  return (...[error, socket]) => {
    if (isDone) return;
    isDone = true;
    if (!error) return callback(null, socket as Socket);
    const isEndless = ENDLESS.has((error as NodeJS.ErrnoException).code ?? '');
    callback(isEndless ? new Error(error.message, { cause: error }) : error, null);
  };
}

type TunnelOptions = Pick<ConnectorOptions, 'proxyTls'> & { readonly timeoutMs: number };

function openTunnel(proxy: URL, target: Target, { proxyTls, timeoutMs }: TunnelOptions): Promise<Socket> {
  const isTls = proxy.protocol === 'https:';
  const server = authorityOf(target);
  const connectOptions = {
    ...(isTls ? proxyTls : {}),
    method: 'CONNECT',
    host: proxy.hostname.replace(/^\[|\]$/g, ''),
    port: Number(proxy.port || (isTls ? 443 : 80)),
    path: server,
    headers: { host: server, ...credentialsOf(proxy) },
    agent: false,
  } satisfies RequestOptions & ConnectionOptions;
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(new Error(`proxy ${proxy.host}: ${reason}`));
    const request = isTls ? httpsRequest(connectOptions) : httpRequest(connectOptions);
    const clock = setTimeout(() => {
      request.destroy();
      fail(`no answer to CONNECT ${server} within ${timeoutMs / 1000} s`);
    }, timeoutMs);
    request.once('close', () => clearTimeout(clock));
    request.once('error', (error) => fail(error.message));
    request.once('response', ({ statusCode }) => {
      request.destroy();
      fail(`HTTP ${statusCode} to CONNECT ${server}`);
    });
    request.once('connect', ({ statusCode = 0 }, socket: Socket, head) => {
      clearTimeout(clock);
      if (statusCode !== 200) {
        socket.on('error', () => undefined).destroy();
        return fail(`HTTP ${statusCode} to CONNECT ${server}`);
      }
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.end();
  });
}

function authorityOf({ hostname, port, protocol }: Target): string {
  const host = hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname;
  return `${host}:${port || (protocol === 'https:' ? 443 : 80)}`;
}

function credentialsOf({ username, href }: URL): Record<string, string> {
  const authorization = username === '' ? undefined : basicAuthorization(href);
  return authorization === undefined ? {} : { 'proxy-authorization': authorization };
}
