import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { hideSecrets } from '../../../../domain/hide-secrets.ts';
import { createKubernetesClient } from '../../../../shared/kubernetes/client.ts';
import { loadKubeConfig } from '../../../../shared/kubernetes/load-kube-config.ts';
import { startFakeListWatchServer } from '../../../support/fake-list-watch-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'skipper-kubeconfig-'));

function aFile(name: string, current = true): string {
  const path = join(folder, name);
  writeFileSync(
    path,
    `apiVersion: v1
kind: Config
${current ? `current-context: ${name}` : ''}
clusters: [{name: ${name}, cluster: {server: "https://${name}:6443"}}]
users: [{name: ${name}, user: {token: t}}]
contexts: [{name: ${name}, context: {cluster: ${name}, user: ${name}}}]
`,
  );
  return path;
}

describe('loadKubeConfig', () => {
  test('acceptance 20: prefers --api-server and --api-token to a kubeconfig', () => {
    const config = loadKubeConfig({
      apiServer: 'http://127.0.0.1:8080',
      apiToken: 'secret',
      kubeconfig: aFile('ignored'),
    });

    expect(config.getCurrentCluster()?.server).toBe('http://127.0.0.1:8080');
    expect(config.getCurrentUser()?.token).toBe('secret');
  });

  // Upstream's way to run without a cluster's TLS: --api-server http://127.0.0.1:PORT.
  test('acceptance 20: connects to an --api-server over plain HTTP', async () => {
    const server = await startFakeListWatchServer();
    const client = createKubernetesClient(loadKubeConfig({ apiServer: server.url, apiToken: 'any' }), {
      userAgent: 'test',
      fieldManager: 'test',
    });

    const answer = client.request({ method: 'GET', path: '/api/v1/configmaps' });

    await expect(answer.finally(() => client.close()).finally(() => server.close())).resolves.toMatchObject({
      items: [],
    });
  });

  test('verifies the certificate unless verification is turned off', () => {
    const server = { apiServer: 'https://127.0.0.1:6443' };

    expect(loadKubeConfig(server).getCurrentCluster()?.skipTLSVerify).toBe(false);
    expect(loadKubeConfig({ ...server, skipTlsVerify: true }).getCurrentCluster()?.skipTLSVerify).toBe(true);
  });

  test.each([
    ['token: *plantedsecret', 'unidentified alias (5:34)'],
    ['token: !plantedsecret x', 'unknown scalar tag (5:33)'],
    ['token: !plantedsecret!x y', 'undeclared tag handle (5:49)'],
  ])('does not quote a kubeconfig that cannot be read: %s', (user, problem) => {
    const path = aFile('misspelt');
    writeFileSync(
      path,
      `apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: [{name: u, user: {${user}}}]\n`,
    );

    expect(() => loadKubeConfig({ kubeconfig: path })).toThrow(
      `kubeconfig ${path} cannot be read: ${problem}; correct --kubeconfig`,
    );
  });

  test('hides the secrets in the environment of a credential plugin', () => {
    const path = join(folder, 'with-plugin');
    const env = '[{name: CLIENT_SECRET, value: plantedvariable}, {name: PROFILE, value: production}]';
    writeFileSync(
      path,
      `apiVersion: v1
kind: Config
current-context: c
clusters: [{name: c, cluster: {server: "https://c:6443"}}]
users: [{name: c, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: login, env: ${env}}}}]
contexts: [{name: c, context: {cluster: c, user: c}}]
`,
    );

    loadKubeConfig({ kubeconfig: path });

    expect(hideSecrets('+ CLIENT_SECRET=plantedvariable PROFILE=production')).toBe(
      '+ CLIENT_SECRET=*** PROFILE=production',
    );
  });

  test('uses the client certificate and key', () => {
    const config = loadKubeConfig({ apiServer: 'https://x', clientCert: '/c.pem', clientKey: '/k.pem' });

    expect(config.getCurrentUser()).toMatchObject({ certFile: '/c.pem', keyFile: '/k.pem' });
  });

  test('reads a kubeconfig', () => {
    expect(loadKubeConfig({ kubeconfig: aFile('one') }).getCurrentCluster()?.server).toBe('https://one:6443');
  });

  // kubectl and client-go read $KUBECONFIG as a list, and merge its files.
  test('reads a list of kubeconfigs, like $KUBECONFIG', () => {
    const list = [aFile('first'), aFile('second', false)].join(delimiter);

    expect(loadKubeConfig({ kubeconfig: list }).getCurrentCluster()?.server).toBe('https://first:6443');
  });

  // As `kubectl config view --raw` shows the same two files.
  test('merges like kubectl: the first entry of each name, the first current context, missing files ignored', () => {
    const one = join(folder, 'merge-one');
    const two = join(folder, 'merge-two');
    writeFileSync(
      one,
      `clusters: [{name: c, cluster: {server: "https://a:6443"}}]
users: [{name: u, user: {token: a}}]
`,
    );
    writeFileSync(
      two,
      `current-context: x
clusters: [{name: c, cluster: {server: "https://b:6443", tls-server-name: b}}, {name: d, cluster: {server: "https://d", certificate-authority: ca.pem}}]
users: [{name: u, user: {token: b}}, {name: v, user: {tokenFile: token}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
`,
    );

    const config = loadKubeConfig({ kubeconfig: [join(folder, 'missing'), one, '', two].join(delimiter) });

    expect(config.getCurrentContext()).toBe('x');
    expect(config.getCurrentCluster()).toMatchObject({ server: 'https://a:6443' });
    expect(config.getCurrentCluster()?.tlsServerName).toBeUndefined();
    expect(config.getCurrentUser()?.token).toBe('a');
    expect(config.getCluster('d')?.caFile).toBe(join(folder, 'ca.pem'));
    expect(config.getUser('v')?.authProvider?.config.tokenFile).toBe(join(folder, 'token'));
  });

  test('names every file of a list if none exists, and the broken file otherwise', () => {
    const broken = join(folder, 'broken');
    writeFileSync(broken, 'clusters: [');

    expect(() => loadKubeConfig({ kubeconfig: ['/no/a', '/no/b'].join(delimiter) })).toThrow(
      /\/no\/a, \/no\/b cannot be read: no such file/,
    );
    expect(() => loadKubeConfig({ kubeconfig: [aFile('good'), broken].join(delimiter) })).toThrow(
      /broken cannot be read/,
    );
  });

  test('runs a plugin relative to the file that names it', () => {
    const path = join(folder, 'with-plugin');
    writeFileSync(
      path,
      `current-context: x
clusters: [{name: c, cluster: {server: "https://c"}}]
users: [{name: u, user: {exec: {command: bin/get-token}}}, {name: v, user: {exec: {command: get-token}}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
`,
    );

    const config = loadKubeConfig({ kubeconfig: path });

    expect(config.getUser('u')?.exec.command).toBe(join(folder, 'bin/get-token'));
    expect(config.getUser('v')?.exec.command).toBe('get-token');
  });
});
