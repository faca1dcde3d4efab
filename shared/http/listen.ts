import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigurationError } from '../config.ts';

const CLOSE_TIMEOUT_MS = 5_000;

export interface Listening {
  readonly port: number;
  /** Takes no more requests, lets those under way end, and cuts what is left after five seconds. */
  close(): Promise<void>;
}

/** Listens on one address, or on all interfaces; a port that is taken is a `ConfigurationError` that names the setting to change. */
export function listen(
  app: RequestListener,
  { host, port, setting }: { host: string | undefined; port: number; setting: string },
): Promise<Listening> {
  const server: Server = createServer(app);
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
        return reject(new ConfigurationError(`this machine has no address ${host}: correct --host`));
      }
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') return reject(error);
      const reason = error.code === 'EADDRINUSE' ? 'is in use' : 'may not be used';
      reject(new ConfigurationError(`port ${port} ${reason}: choose another one with ${setting}`));
    });
    server.listen({ port, host }, () => {
      resolve({ port: (server.address() as AddressInfo).port, close: () => close(server) });
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), CLOSE_TIMEOUT_MS);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
