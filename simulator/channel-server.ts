import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PUBLISHED_BASE = 'https://fiaas.github.io/releases';
const IMAGE = 'fiaas/fiaas-deploy-daemon';
const DEFAULT_OVERSIZE_BYTES = 20 * 1024 * 1024;

export type ChannelFault =
  | { readonly kind: 'latency'; readonly ms: number }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterSeconds?: number }
  /** Takes the request and never answers. */
  | { readonly kind: 'hang' }
  /** Half of the body, then a cut connection. */
  | { readonly kind: 'truncated' }
  /** A whole answer that is only half of the JSON. */
  | { readonly kind: 'invalid-json' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'oversized'; readonly bytes?: number }
  | { readonly kind: 'redirect-loop' };

/** Faults by path (`/fiaas-deploy-daemon/stable.json`); `*` means every path. */
export interface ChannelFaults {
  set(path: string, fault: ChannelFault): void;
  /** Clears one path, or all of them. */
  clear(path?: string): void;
}

export interface ChannelServer {
  /** The base URL to give to Skipper. */
  readonly url: string;
  /** Points a channel at another of the versions that were really published. */
  publish(tag: string, version: string): void;
  /** Serves a file of one's own; links to the published base point back here. */
  write(path: string, body: string): void;
  /** How often each path was asked for. */
  readonly requests: ReadonlyMap<string, number>;
  readonly faults: ChannelFaults;
  close(): Promise<void>;
}

export interface ChannelServerOptions {
  /** Loopback and a free port, if left out. */
  readonly host?: string;
  readonly port?: number;
  /** The host that others reach it by, where that is another one. */
  readonly advertiseHost?: string;
  /** Where the published files are: `fiaas-deploy-daemon/*.json` and `artifacts/{version}/fiaas.yml`. */
  readonly directory?: string;
}

interface ChannelFile {
  readonly body: string;
  readonly contentType: string;
  readonly modifiedAt: Date;
}

type Files = Map<string, ChannelFile>;

/** Serves the real release channels locally, as GitHub Pages does, with their `spec` links pointing back here. */
export async function startChannelServer(options: ChannelServerOptions = {}): Promise<ChannelServer> {
  const { host = '127.0.0.1', advertiseHost = host } = options;
  const directory = options.directory ?? join(await findSimulatorFolder(), 'channel');
  const published = await readFiles(directory);
  const files: Files = new Map(published);
  const requests = new Map<string, number>();
  const faults = new Map<string, ChannelFault>();
  const hanging = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    const path = pathOf(request);
    requests.set(path, (requests.get(path) ?? 0) + 1);
    const fault = faults.get(path) ?? faults.get('*');
    const serve = () => answer(request, response, path, { files, url, fault });
    if (fault?.kind === 'hang') hanging.add(response);
    else if (fault?.kind === 'latency') setTimeout(serve, fault.ms).unref();
    else serve();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const url = `http://${advertiseHost}:${(server.address() as AddressInfo).port}`;

  return {
    url,
    requests,
    publish: (tag, version) => {
      files.set(channelPath(tag), publication(published, version));
    },
    write: (path, body) => {
      const contentType = path.endsWith('.json')
        ? 'application/json; charset=utf-8'
        : 'text/yaml; charset=utf-8';
      files.set(path, { body, contentType, modifiedAt: new Date() });
    },
    faults: {
      set: (path, fault) => {
        faults.set(path, fault);
      },
      clear: (path) => {
        if (path === undefined) faults.clear();
        else faults.delete(path);
      },
    },
    close: () =>
      new Promise((resolve) => {
        for (const response of hanging) response.destroy();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function pathOf(request: IncomingMessage): string {
  const [path = '/'] = (request.url ?? '/').split('?');
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function channelPath(tag: string): string {
  return `/fiaas-deploy-daemon/${tag}.json`;
}

/** The channel file of a version: the published one that names its image, with today's date. */
function publication(published: Files, version: string): ChannelFile {
  if (!published.has(`/artifacts/${version}/fiaas.yml`)) {
    throw new Error(`version ${version} was never published: there is no artifact of it`);
  }
  const known = [...published.values()].find(({ body }) => body.includes(`"${IMAGE}:${version}"`));
  const template: unknown = known === undefined ? {} : JSON.parse(known.body);
  const channel = {
    ...(template as Record<string, unknown>),
    image: `${IMAGE}:${version}`,
    spec: `${PUBLISHED_BASE}/artifacts/${version}/fiaas.yml`,
    updated: new Date().toISOString().replace(/\.\d+Z$/, '+00:00'),
  };
  const body = `${JSON.stringify(channel, undefined, 4)}\n`;
  return { body, contentType: 'application/json; charset=utf-8', modifiedAt: new Date() };
}

interface Answering {
  readonly files: Files;
  readonly url: string;
  readonly fault: ChannelFault | undefined;
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  { files, url, fault }: Answering,
): void {
  if (fault !== undefined && fault.kind !== 'latency') {
    misbehave(response, path, fault, files.get(path)?.body.replaceAll(PUBLISHED_BASE, url) ?? '{}');
    return;
  }
  const file = files.get(path);
  if (request.method !== 'GET' && request.method !== 'HEAD') response.writeHead(405).end();
  else if (file === undefined) response.writeHead(404, { 'content-type': 'text/html' }).end('Not found');
  else sendFile(request, response, file, url);
}

function sendFile(request: IncomingMessage, response: ServerResponse, file: ChannelFile, url: string): void {
  const body = file.body.replaceAll(PUBLISHED_BASE, url);
  // Not of the rewritten body: a restart on another port is no new publication.
  const etag = `"${createHash('sha1').update(file.body).digest('hex').slice(0, 16)}"`;
  const headers = {
    etag,
    'last-modified': file.modifiedAt.toUTCString(),
    'cache-control': 'max-age=600',
  };
  if (isUnchanged(request, etag, file.modifiedAt)) {
    response.writeHead(304, headers).end();
    return;
  }
  const length = Buffer.byteLength(body);
  response.writeHead(200, { ...headers, 'content-type': file.contentType, 'content-length': length });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function isUnchanged(request: IncomingMessage, etag: string, modifiedAt: Date): boolean {
  const known = request.headers['if-none-match'];
  // The tag decides where both are given (RFC 9110, 13.1.3).
  if (known !== undefined) return known.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
  const since = request.headers['if-modified-since'];
  return since !== undefined && Date.parse(since) >= Math.floor(modifiedAt.getTime() / 1_000) * 1_000;
}

function misbehave(
  response: ServerResponse,
  path: string,
  fault: Exclude<ChannelFault, { kind: 'latency' }>,
  body: string,
): void {
  const json = { 'content-type': 'application/json; charset=utf-8' };
  const half = body.slice(0, Math.floor(body.length / 2));
  switch (fault.kind) {
    case 'status': {
      const wait = fault.retryAfterSeconds;
      response.writeHead(fault.status, wait === undefined ? {} : { 'retry-after': String(wait) });
      response.end(`simulated ${fault.status}`);
      return;
    }
    case 'truncated':
      response.writeHead(200, { ...json, 'content-length': Buffer.byteLength(body) });
      response.write(half, () => response.destroy());
      return;
    case 'invalid-json':
      response.writeHead(200, json).end(half);
      return;
    case 'empty':
      response.writeHead(200, { ...json, 'content-length': 0 }).end();
      return;
    case 'oversized':
      sendOversized(response, json, fault.bytes ?? DEFAULT_OVERSIZE_BYTES);
      return;
    case 'redirect-loop':
      response.writeHead(302, { location: encodeURI(path) }).end();
      return;
    case 'hang':
      return;
  }
}

/** JSON all along, so that only its size is wrong; written piece by piece, so that a reader can turn away. */
function sendOversized(response: ServerResponse, headers: Record<string, string>, bytes: number): void {
  const piece = ' '.repeat(64 * 1024);
  let left = bytes;
  response.writeHead(200, headers);
  response.on('drain', write);
  write();
  function write(): void {
    while (left > 0) {
      left -= piece.length;
      if (!response.write(piece)) return;
    }
    response.off('drain', write);
    response.end('{}');
  }
}

async function readFiles(directory: string): Promise<Files> {
  const names = await readdir(directory, { recursive: true });
  const files: Files = new Map();
  for (const name of names) {
    const path = join(directory, name);
    const { mtime } = await stat(path);
    const isJson = name.endsWith('.json');
    if (!isJson && !name.endsWith('.yml')) continue;
    const contentType = isJson ? 'application/json; charset=utf-8' : 'text/yaml; charset=utf-8';
    files.set(`/${name}`, { body: await readFile(path, 'utf8'), contentType, modifiedAt: mtime });
  }
  return files;
}

/** The data lies beside this file in the sources; a build leaves it there, two folders up. */
async function findSimulatorFolder(): Promise<string> {
  const here = fileURLToPath(new URL('.', import.meta.url));
  const candidates = [here, join(here, '..', '..', 'simulator')];
  for (const candidate of candidates) {
    const found = await stat(join(candidate, 'channel')).catch(() => undefined);
    if (found?.isDirectory()) return candidate;
  }
  return here;
}
