import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigurationError } from '../config.ts';

const CLOSE_TIMEOUT_MS = 5_000;

export interface Listening {
  readonly port: number;
  /** Accepts no more requests, lets running ones finish, and closes the remaining connections after five seconds. */
  close(): Promise<void>;
}

export interface Address {
  readonly host: string | undefined;
  readonly port: number;
  /** The flag that changes the port. */
  readonly setting: string;
}

/** Listens on one address, or on all interfaces; if the port is in use, a `ConfigurationError` names the setting to change. */
export async function listen(app: RequestListener, address: Address): Promise<Listening> {
  try {
    return await open(app, address);
  } catch (error) {
    throw explain(error as NodeJS.ErrnoException, address);
  }
}

/** Listens on the port, or on a free one if another process has it. */
export async function listenNear(app: RequestListener, address: Address): Promise<Listening> {
  try {
    return await open(app, address);
  } catch (error) {
    const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    if (!isTaken) throw explain(error as NodeJS.ErrnoException, address);
    return listen(app, { ...address, port: 0 });
  }
}

function open(app: RequestListener, { host, port }: Address): Promise<Listening> {
  const server: Server = createServer(app);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, () => {
      resolve({ port: (server.address() as AddressInfo).port, close: () => close(server) });
    });
  });
}

function explain(error: NodeJS.ErrnoException, { host, port, setting }: Address): Error {
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new ConfigurationError(`this machine has no address ${host}: correct --host`);
  }
  if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') return error;
  const reason = error.code === 'EADDRINUSE' ? 'is in use' : 'needs more permissions';
  return new ConfigurationError(`port ${port} ${reason}: choose another one with ${setting}`);
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
