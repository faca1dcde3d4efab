import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export const FAULTS = ['refuses', 'closes', 'is mute', 'answers nonsense'] as const;
export type Fault = (typeof FAULTS)[number];

/** A proxy between Skipper and a server that works, or has one of the faults that proxies have. */
export interface MisbehavingProxy {
  readonly url: string;
  readonly port: number;
  /** Connections so far. */
  opened(): number;
  /** How it treats new connections from now on; open ones do not change. */
  behave(as: Fault | 'well'): void;
  /** Passes no more bytes on open connections, in either direction. */
  freeze(): void;
  close(): Promise<void>;
}

/** With a target: passes everything on to it, as a load balancer does. Without one: an HTTP proxy for CONNECT. */
export async function startMisbehavingProxy(target?: string): Promise<MisbehavingProxy> {
  const sockets = new Set<Socket>();
  let opened = 0;
  let behaviour: Fault | 'well' = 'well';

  function keep(socket: Socket): Socket {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    return socket;
  }

  function join(client: Socket, host: string, port: number, greeting: string): void {
    const upstream = keep(connect(port, host, () => client.write(greeting)));
    client.pipe(upstream).pipe(client);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  }

  const server = createServer((client) => {
    opened += 1;
    keep(client);
    // A request that arrives after the behaviour has changed still gets that of its connection.
    const as = behaviour;
    if (as === 'closes') return client.end();
    if (as === 'is mute') return client.resume();
    if (target !== undefined && as === 'refuses') return client.resetAndDestroy();
    if (target !== undefined && as === 'well') {
      const { hostname, port } = new URL(target);
      return join(client, hostname, Number(port), '');
    }
    client.once('data', (head) => {
      if (as === 'refuses') return client.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
      if (as === 'answers nonsense') return client.end('220 mail.example ESMTP\r\n\r\n');
      const [, host = '', port] = /^CONNECT (\S+):(\d+) /.exec(head.toString('latin1')) ?? [];
      join(client, host, Number(port), 'HTTP/1.1 200 Connection established\r\n\r\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    opened: () => opened,
    behave: (as) => {
      behaviour = as;
    },
    freeze: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
