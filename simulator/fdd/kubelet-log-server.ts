import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { generate } from 'selfsigned';
import type { ContainerLog } from './container-log.ts';

export interface LogServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface LogRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly previous: boolean;
}

export interface LogServerOptions {
  /** Plain HTTP: for an API server that does not ask for more. */
  readonly insecure: boolean;
  readonly find: (request: LogRequest) => FoundLog | undefined;
}

/** A container that has not been started yet has no log, but a reason. */
export type FoundLog = { readonly log: ContainerLog } | { readonly waiting: string };

/** Serves `/containerLogs/{namespace}/{pod}/{container}` as a kubelet does, on loopback. */
export async function startLogServer({ insecure, find }: LogServerOptions): Promise<LogServer> {
  const answer = (request: IncomingMessage, response: ServerResponse) => answerLog(request, response, find);
  const server = insecure ? createServer(answer) : createSecureServer(await certificate(), answer);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { port, close: () => closeServer(server) };
}

async function certificate(): Promise<{ key: string; cert: string }> {
  const pems = await generate([{ name: 'commonName', value: 'simulated-kubelet' }], {
    keySize: 2048,
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  return { key: pems.private, cert: pems.cert };
}

function answerLog(request: IncomingMessage, response: ServerResponse, find: LogServerOptions['find']): void {
  const url = new URL(request.url ?? '/', 'http://kubelet');
  const [root, namespace, pod, container] = url.pathname.split('/').filter(Boolean).map(decodeURIComponent);
  if (root !== 'containerLogs' || !namespace || !pod || !container) {
    response.writeHead(404).end('404 page not found\n');
    return;
  }
  const found = find({ namespace, pod, container, previous: url.searchParams.get('previous') === 'true' });
  if (found === undefined) {
    response.writeHead(404).end(`container "${container}" in pod "${pod}" is not available\n`);
    return;
  }
  if ('log' in found) writeLog(found.log, url.searchParams, response);
  else {
    const problem = `container "${container}" in pod "${pod}" is waiting to start: ${found.waiting}`;
    response.writeHead(400).end(problem);
  }
}

function writeLog(log: ContainerLog, query: URLSearchParams, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/plain' });
  const text = excerpt(log.lines(), query);
  if (query.get('follow') !== 'true') {
    response.end(text);
    return;
  }
  response.flushHeaders();
  response.write(text);
  const unfollow = log.follow((line) => response.write(`${line}\n`));
  response.on('close', unfollow);
  void log.ended.then(() => response.end());
}

function excerpt(lines: readonly string[], query: URLSearchParams): string {
  const tail = numberOf(query.get('tailLines'));
  const limit = numberOf(query.get('limitBytes'));
  const chosen = tail === undefined ? lines : lines.slice(Math.max(0, lines.length - tail));
  const text = Buffer.from(chosen.map((line) => `${line}\n`).join(''));
  return (limit === undefined ? text : text.subarray(0, limit)).toString();
}

function numberOf(text: string | null): number | undefined {
  const number = text === null || text === '' ? Number.NaN : Number(text);
  return Number.isInteger(number) && number >= 0 ? number : undefined;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
