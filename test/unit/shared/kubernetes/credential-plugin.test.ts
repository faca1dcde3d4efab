import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { createKubernetesClient } from '../../../../shared/kubernetes/client.ts';
import { createCredentialPlugin } from '../../../../shared/kubernetes/credential-plugin.ts';

const folder = mkdtempSync(join(tmpdir(), 'skipper-plugin-'));
let number = 0;

/** A plugin that runs this script; `runs()` returns how often it ran. */
function aPlugin(script: string, more: Record<string, unknown> = {}) {
  const path = join(folder, `plugin-${number}.cjs`);
  const counter = join(folder, `runs-${number}`);
  number += 1;
  writeFileSync(counter, '');
  writeFileSync(
    path,
    `require('node:fs').appendFileSync(${JSON.stringify(counter)}, 'x');
     const runs = require('node:fs').readFileSync(${JSON.stringify(counter)}).length;
     const print = (status) => console.log(JSON.stringify({ kind: 'ExecCredential', status }));
     ${script}`,
  );
  return {
    exec: { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: [path], ...more },
    runs: () => readFileSync(counter).length,
  };
}

const CLUSTER = { name: 'c', server: 'https://c.example', skipTLSVerify: false };

describe('createCredentialPlugin', () => {
  test('runs once until its credentials expire, and again if they are rejected', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    const { exec } = aPlugin(`print({ token: 't' + runs, expirationTimestamp: '2026-01-01T01:00:00Z' })`);
    const plugin = createCredentialPlugin(exec, CLUSTER, { now: () => now });
    const tokenAfter = async (ms: number, fresh = false) => {
      now += ms;
      return (await plugin.credential(fresh)).token;
    };

    expect(await tokenAfter(0)).toBe('t1');
    expect(await tokenAfter(60_000)).toBe('t1');
    expect(await tokenAfter(60_000, true)).toBe('t2');
    expect(await tokenAfter(10, true)).toBe('t2');
    expect(await tokenAfter(3_600_000)).toBe('t3');
  });

  test('receives the cluster and its own variables, as from kubectl', async () => {
    const { exec } = aPlugin(`print({ token: process.env.KUBERNETES_EXEC_INFO + process.env.MINE })`, {
      env: [{ name: 'MINE', value: '!' }],
      provideClusterInfo: true,
    });

    const { token = '' } = await createCredentialPlugin(exec, CLUSTER).credential(false);

    expect(token.endsWith('!')).toBe(true);
    expect(JSON.parse(token.slice(0, -1))).toEqual({
      kind: 'ExecCredential',
      apiVersion: 'client.authentication.k8s.io/v1',
      spec: { interactive: false, cluster: { server: 'https://c.example' } },
    });
  });

  test.each([
    [
      'a plugin that fails',
      `console.error('session expired: log in'); process.exit(3)`,
      /exit code 3: session expired: log in$/,
    ],
    [
      'a plugin that hangs',
      `console.error('open https://login'); setInterval(() => 0, 1000)`,
      /within 3 s: open https:\/\/login$/,
    ],
    [
      'a plugin that prints invalid output',
      `console.log('half-a-secret')`,
      /printed no ExecCredential with a token or a certificate and its key$/,
    ],
    ['a plugin without credentials', `print({})`, /printed no ExecCredential/],
  ])(
    '%s fails with its own error message, and does not run again immediately',
    async (which, script, message) => {
      const { exec, runs } = aPlugin(script);
      const timeoutMs = which === 'a plugin that hangs' ? 3_000 : 60_000;
      const plugin = createCredentialPlugin(exec, CLUSTER, { timeoutMs, now: () => 0 });

      for (let round = 0; round < 3; round += 1) {
        await expect(plugin.credential(true)).rejects.toMatchObject({
          code: 'unauthorized',
          message: expect.stringMatching(message),
        });
      }
      expect(runs()).toBeLessThanOrEqual(1);
    },
  );

  test('shows how to install a missing plugin', async () => {
    const plugin = createCredentialPlugin(
      { command: 'no-such-plugin', installHint: 'brew install it' },
      null,
    );

    await expect(plugin.credential(false)).rejects.toThrow(
      /credential plugin no-such-plugin is not installed: brew install it$/,
    );
  });
});

test('a client runs the plugin of its kubeconfig, and again after a 401', async () => {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(request.headers.authorization === 'Bearer t2' ? 200 : 401, {
      'content-type': 'application/json',
    });
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const kubeConfig = new KubeConfig();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { exec } = aPlugin(`print({ token: 't' + runs })`);
  kubeConfig.loadFromClusterAndUser({ name: 'c', server: url, skipTLSVerify: true }, { name: 'u', exec });
  const client = createKubernetesClient(kubeConfig, { userAgent: 't', fieldManager: 't' });
  const request = () => client.request({ method: 'GET', path: '/version' });

  await request().catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  const answer = await request();
  await client.close();
  server.closeAllConnections();
  server.close();

  expect(answer).toEqual({});
  expect(seen).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t1', 'Bearer t2']);
});
