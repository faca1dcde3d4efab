import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from './until.ts';

export interface GateRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** Requests that wait at a gate. */
export interface Held {
  /** Matching requests so far. */
  count(): number;
  /** Resolves when one has arrived. */
  arrived(): Promise<void>;
  /** Lets all of them through, including later ones. */
  release(): void;
}

/** Answers that do not arrive. */
export interface Stalled {
  /** Lets them continue, complete and in order. */
  release(): void;
}

/** An answer that is passed on. */
interface Passing {
  readonly request: GateRequest;
  readonly answer: IncomingMessage;
  readonly response: ServerResponse;
}

/** A proxy to the API server for chosen processes, which can hold, observe and cut requests. */
export interface Gate {
  readonly url: string;
  hold(matches: (request: GateRequest) => boolean): Held;
  /** Stops the answers to matching requests, also those that are under way: a watch that lags. */
  stall(matches: (request: GateRequest) => boolean): Stalled;
  /** Called before each request is passed on; the request waits for it. */
  before(act: (request: GateRequest) => Promise<void>): void;
  /** Refuses all requests and ends open connections. */
  cut(): void;
  /** Answers all requests with 401 and ends open connections. */
  refuseCredentials(): void;
  repair(): void;
  close(): Promise<void>;
}

export async function openGate(target: string): Promise<Gate> {
  const barriers: ((request: GateRequest) => Promise<void>)[] = [];
  const passing = new Set<Passing>();
  const stalls = new Set<(request: GateRequest) => boolean>();
  let isCut = false;
  let isRefusing = false;
  const server = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy());
  });

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (isCut) return void response.destroy();
    if (isRefusing) return void response.writeHead(401).end('Unauthorized');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const seen = { method: request.method ?? '', path: request.url ?? '', body: body.toString() };
    for (const barrier of barriers) await barrier(seen);
    if (isCut) return void response.destroy();
    const onward = send(target + request.url, {
      method: request.method,
      headers: request.headers,
      agent: false,
    });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      response.flushHeaders();
      const each = { request: seen, answer, response };
      passing.add(each);
      flow(each);
      answer.on('error', () => response.destroy());
      response.on('close', () => passing.delete(each));
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    onward.end(body);
  }

  function flow({ request, answer, response }: Passing): void {
    answer.unpipe(response);
    if (![...stalls].some((matches) => matches(request))) answer.pipe(response);
  }

  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    before: (act) => {
      barriers.push(act);
    },
    stall: (matches) => {
      stalls.add(matches);
      for (const each of passing) flow(each);
      return {
        release: () => {
          stalls.delete(matches);
          for (const each of passing) flow(each);
        },
      };
    },
    hold: (matches) => {
      let count = 0;
      let release = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      barriers.push(async (request) => {
        if (!matches(request)) return;
        count += 1;
        await released;
      });
      return {
        count: () => count,
        arrived: async () => {
          await until(() => count > 0, 'a request arrives at the gate');
        },
        release,
      };
    },
    cut: () => {
      isCut = true;
      server.closeAllConnections();
    },
    refuseCredentials: () => {
      isRefusing = true;
      server.closeAllConnections();
    },
    repair: () => {
      isCut = false;
      isRefusing = false;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Requests that change the Application of a namespace. */
export function isApplicationWrite(namespace: string) {
  return ({ method, path }: GateRequest) =>
    method === 'PATCH' && path.includes(`/namespaces/${namespace}/applications/`);
}

export function isDeploymentWatch({ path }: GateRequest): boolean {
  return path.startsWith('/apis/apps/v1/deployments?') && path.includes('watch=');
}

export function isConfigMapWatch({ path }: GateRequest): boolean {
  return path.startsWith('/api/v1/configmaps?') && path.includes('watch=');
}
