import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A proxy between one process and the API server that a test can cut; TLS passes through unchanged. */
export interface CuttableProxy {
  readonly url: string;
  /** Connections opened so far. */
  readonly opened: () => number;
  /** The most that were open at the same time. */
  readonly mostOpen: () => number;
  /** Ends all connections and accepts no new one. */
  cut(): void;
  repair(): void;
  close(): Promise<void>;
}

export async function startCuttableProxy(target: string): Promise<CuttableProxy> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  let opened = 0;
  let mostOpen = 0;
  let isCut = false;
  const server = createServer((socket) => {
    if (isCut) {
      socket.destroy();
      return;
    }
    opened += 1;
    open.add(socket);
    mostOpen = Math.max(mostOpen, open.size);
    const upstream = connect(Number(port), hostname);
    socket.pipe(upstream).pipe(socket);
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
    socket.on('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const endAll = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    opened: () => opened,
    mostOpen: () => mostOpen,
    cut: () => {
      isCut = true;
      endAll();
    },
    repair: () => {
      isCut = false;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        endAll();
      }),
  };
}
