import { connect } from 'node:net';
import { UNTIL_TIMEOUT_MS } from './until.ts';

export interface RawAnswer {
  /** 0 if the connection ended without a response. */
  readonly status: number;
  /** The response's head and, unless it is a stream, its body. */
  readonly text: string;
}

export interface RawRequest {
  readonly method: string;
  /** Sent as it is. */
  readonly path: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: Buffer;
  /** Reads only the head, because the response is an endless stream. */
  readonly headOnly?: boolean;
}

/** Sends bytes that no HTTP client would send and returns the response; throws if there is none. Header values are bytes (latin1). */
export function sendRaw(url: string, request: RawRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const { method, path, headers = [], body, headOnly = false } = request;
  const isNamed = (name: string) => headers.some(([key]) => key.toLowerCase() === name);
  const head = [
    `${method} ${path} HTTP/1.1`,
    ...(isNamed('host') ? [] : ['Host: skipper.test']),
    'Connection: close',
    ...(body === undefined ? [] : [`Content-Length: ${body.length}`]),
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ].join('\r\n');
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no answer to ${method} ${path.slice(0, 200)} within ${UNTIL_TIMEOUT_MS} ms`));
    }, UNTIL_TIMEOUT_MS);

    function end(): void {
      clearTimeout(timer);
      socket.destroy();
      const text = Buffer.concat(chunks).toString('utf8');
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text });
    }

    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (headOnly && Buffer.concat(chunks).includes('\r\n\r\n')) end();
    });
    socket.on('close', end);
    // A server can cut a request that it has already refused.
    socket.on('error', end);
    socket.write(Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), body ?? Buffer.alloc(0)]));
  });
}
