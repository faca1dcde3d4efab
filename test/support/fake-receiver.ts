import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly at: number;
}

export interface FakeReceiver {
  readonly url: string;
  /** What has come, in order. */
  readonly received: readonly Received[];
  /** Those of one path. */
  at(path: string): Received[];
  /** How a path answers from now on; 200 by default. `hang` does not answer at all. */
  answer(path: string, ...answers: readonly (number | 'hang' | ((response: ServerResponse) => void))[]): void;
  close(): Promise<void>;
}

/** A receiver of webhooks: each path is one, with the answers that a test gives it; the last one is repeated. */
export async function startFakeReceiver(): Promise<FakeReceiver> {
  const received: Received[] = [];
  const scripts = new Map<string, (number | 'hang' | ((response: ServerResponse) => void))[]>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '';
      received.push({
        path,
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
        at: Date.now(),
      });
      const script = scripts.get(path) ?? [];
      const answer = (script.length > 1 ? script.shift() : script[0]) ?? 200;
      if (answer === 'hang') return;
      if (typeof answer === 'function') return answer(response);
      response.writeHead(answer).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    at: (path) => received.filter((each) => each.path === path),
    answer: (path, ...answers) => scripts.set(path, [...answers]),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
