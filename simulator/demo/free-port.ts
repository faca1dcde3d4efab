import { type AddressInfo, createServer } from 'node:net';

/** A loopback port that nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return listenFor(0);
}

export async function isFreePort(port: number): Promise<boolean> {
  return listenFor(port).then(
    () => true,
    () => false,
  );
}

function listenFor(asked: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(asked, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
