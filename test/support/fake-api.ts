import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FleetDocument } from '../../domain/fleet/fleet-feed.ts';
import type { FleetRow } from '../../domain/fleet/fleet-row.ts';
import { aFleetRow } from './builders.ts';

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  // biome-ignore lint/suspicious/noExplicitAny: assertions check what must exist
  readonly body: any;
}

export type FakeHandler = (request: FakeRequest, response: ServerResponse) => void;

/** A server with scripted responses that records its requests. */
export interface FakeApi {
  readonly url: string;
  readonly requests: readonly FakeRequest[];
  /** Ends all connections; new ones are accepted. */
  cut(): void;
  close(): Promise<void>;
}

/** Handlers by `GET /api/fleet`; anything else is a 404 problem. */
export async function startFakeApi(handlers: Readonly<Record<string, FakeHandler>>): Promise<FakeApi> {
  const requests: FakeRequest[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { pathname, searchParams } = new URL(incoming.url ?? '', 'http://fake');
      const text = Buffer.concat(chunks).toString();
      const request = {
        method: incoming.method ?? '',
        path: pathname,
        query: searchParams,
        headers: incoming.headers,
        body: text === '' ? undefined : JSON.parse(text),
      };
      requests.push(request);
      const handler = handlers[`${request.method} ${request.path}`];
      if (handler) handler(request, response);
      else sendProblem(response, 404, { detail: `there is no ${request.method} ${request.path}` });
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    cut: () => server.closeAllConnections(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

export function sendProblem(
  response: ServerResponse,
  status: number,
  problem: { readonly detail: string; readonly errors?: readonly { field: string; message: string }[] },
  headers: Readonly<Record<string, string>> = {},
): void {
  response
    .writeHead(status, { 'content-type': 'application/problem+json', ...headers })
    .end(JSON.stringify({ type: 'about:blank', title: '', status, code: '', ...problem }));
}

/** Opens an event stream; the function sends one event. */
export function openStream(response: ServerResponse): (event: string, data: unknown, id?: string) => void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
  return (event, data, id) => {
    const lines = [
      ...(id === undefined ? [] : [`id: ${id}`]),
      `event: ${event}`,
      `data: ${JSON.stringify(data)}`,
    ];
    response.write(`${lines.join('\n')}\n\n`);
  };
}

export function makeRow(namespace: string, row: Partial<FleetRow> = {}): FleetRow {
  return aFleetRow({ namespace, ...row });
}

export function makeFleet(rows: readonly FleetRow[], fleet: Partial<FleetDocument> = {}): FleetDocument {
  return {
    position: 'a.1',
    now: Date.UTC(2026, 0, 1),
    summary: {
      namespaces: rows.length,
      byStatus: {},
      byHealth: {},
      versions: [],
      channels: [],
      workers: 2,
      queue: { waiting: 0, active: 0, delayed: 0, failed: 0 },
      rollouts: [],
      notices: [],
      stale: [],
    },
    rows,
    ...fleet,
  };
}
