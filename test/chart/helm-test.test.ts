import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Manifest, pick, render } from './support/helm.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

describe('the pod of helm test', () => {
  const pod = pick(render(), 'Pod', 'fiaas-skipper-test');

  test('requests api, worker and status, and succeeds when all answer', async () => {
    const base = await answering(() => 200);

    const { code, output } = await run(pod, () => base);

    expect(code).toBe(0);
    expect(output).toContain('/readyz: 200');
    expect(output).toContain('/api/status: 200');
  });

  test('waits for a process that is not ready yet', async () => {
    let requests = 0;
    const base = await answering(() => (++requests === 1 ? 503 : 200));

    expect((await run(pod, () => base)).code).toBe(0);
    // One that is answered late is repeated, too.
    expect(requests).toBeGreaterThanOrEqual(4);
  });

  test('connects to the two Services', async () => {
    const hosts: string[] = [];
    const base = await answering(() => 200);
    await run(pod, (url) => {
      hosts.push(url.host);
      return base;
    });

    expect(hosts).toEqual(['fiaas-skipper:5000', 'fiaas-skipper-worker:5001', 'fiaas-skipper:5000']);
  });
});

function answering(status: () => number): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(status()).end('{"status":"ok"}');
  });
  servers.push(server);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    });
  });
}

/** The container's own command, with other addresses. */
function run(pod: Manifest, baseOf: (url: URL) => string): Promise<{ code: number | null; output: string }> {
  const [{ command, args }] = pod.spec.containers;
  const [script = '', ...urls] = args;
  const local = urls.map((url) => baseOf(new URL(url)) + new URL(url).pathname);
  const child = spawn(process.execPath, [...command.slice(1), script, ...local]);
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}
