import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves /healthz and /readyz, as Skipper does. */
export async function startHealthServer(options: {
  readonly host: string;
  readonly port: number;
  /** What is still missing; undefined when all is ready. */
  readonly waitingFor: () => string | undefined;
}): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const isReady = request.url === '/readyz';
    if (!isReady && request.url !== '/healthz') return void response.writeHead(404).end();
    const problem = isReady ? options.waitingFor() : undefined;
    const body = {
      status: problem === undefined ? 'ok' : 'unavailable',
      problems: problem === undefined ? [] : [problem],
    };
    response.writeHead(problem === undefined ? 200 : 503, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
