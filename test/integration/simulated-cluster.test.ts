import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readSettings } from '../../shared/config.ts';
import { APPLICATIONS, CONFIG_MAPS, DEPLOYMENTS } from '../../shared/kubernetes/resources.ts';
import { openDemoClient } from '../../simulator/demo/demo-cluster.ts';
import { packageRoot } from '../../simulator/demo/package-root.ts';
import { freePort } from '../support/free-port.ts';
import { FDD, OLD, OLDEST } from '../support/published.ts';
import type { Raw } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const SIMULATED_CLUSTER = join(packageRoot, 'dist', 'simulator', 'bin', 'simulated-cluster.js');

let folder: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'simulated-cluster-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

interface Started {
  readonly child: ChildProcess;
  readonly health: string;
  output(): string;
}

async function startCluster(flags: readonly string[]): Promise<Started> {
  const healthPort = await freePort();
  const args = [
    '--directory',
    folder,
    '--port=0',
    '--channel-port=0',
    `--health-port=${healthPort}`,
    ...flags,
  ];
  const child = spawn(process.execPath, [SIMULATED_CLUSTER, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  return { child, health: `http://127.0.0.1:${healthPort}`, output: () => output };
}

async function answers(url: string): Promise<number | undefined> {
  return (await fetch(url).catch(() => undefined))?.status;
}

function settings() {
  return readSettings({ flags: { configFile: join(folder, 'cluster_config.yaml') }, env: {} });
}

test('is ready when the fleet is complete, serves it, and leaves nothing behind', async () => {
  const { child, health } = await startCluster(['--namespaces=12', '--fail-rate=0.1']);
  await until(async () => (await answers(`${health}/readyz`)) === 200, 'the cluster is ready');
  const { kubeconfig, baseurl, redisPrefix } = settings();
  const client = openDemoClient({ kubeconfig });

  const configMap = await client.get<Raw>(CONFIG_MAPS, { namespace: 'team-012', name: FDD });
  const application = await client.get<Raw>(APPLICATIONS, { namespace: 'team-012', name: FDD });
  const deployment = await client.get<Raw>(DEPLOYMENTS, { namespace: 'team-012', name: FDD });
  const stable = await (await fetch(`${baseurl}/fiaas-deploy-daemon/stable.json`)).json();
  const spec = await fetch(stable.spec);
  await client.close();

  expect(configMap.data.tag).toBe('stable');
  expect([OLD, OLDEST].some((version) => application.spec.image.endsWith(version))).toBe(true);
  expect(deployment.status.availableReplicas).toBe(1);
  expect(stable.spec.startsWith(baseurl)).toBe(true);
  expect(spec.status).toBe(200);
  expect(redisPrefix).toMatch(/^simulated-[0-9a-f]{8}$/);
  expect(await answers(`${health}/healthz`)).toBe(200);
  expect(await answers(`${health}/other`)).toBe(404);

  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(existsSync(join(folder, 'kubeconfig'))).toBe(false);
  expect(existsSync(join(folder, 'cluster_config.yaml'))).toBe(false);
});

test('publishes URLs with the configured host', async () => {
  const flags = ['--namespaces=1', '--host=0.0.0.0', '--advertise-host=127.0.0.2'];
  const { health } = await startCluster(flags);
  await until(async () => (await answers(`${health}/readyz`)) === 200, 'the cluster is ready');
  const { kubeconfig = '', baseurl } = settings();

  expect(readFileSync(kubeconfig, 'utf8')).toMatch(/server: "http:\/\/127\.0\.0\.2:\d+"/);
  expect(baseurl).toMatch(/^http:\/\/127\.0\.0\.2:\d+$/);
  const stable = await (await fetch(`${baseurl}/fiaas-deploy-daemon/stable.json`)).json();
  expect(stable.spec.startsWith(baseurl)).toBe(true);
});

test('publishes another version at an interval', async () => {
  const { health } = await startCluster(['--namespaces=1', '--release-every=1']);
  await until(async () => (await answers(`${health}/readyz`)) === 200, 'the cluster is ready');
  const url = `${settings().baseurl}/fiaas-deploy-daemon/stable.json`;
  const images = new Set<string>();

  await until(async () => {
    images.add((await (await fetch(url)).json()).image);
    return images.size > 1;
  }, 'the channel moves');
});

test('ends at SIGTERM even while it is being filled', async () => {
  const { child, health } = await startCluster(['--namespaces=10000']);
  await until(async () => (await answers(`${health}/readyz`)) === 503, 'the cluster is not ready yet');

  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('reports which port is in use, and how to choose another one', async () => {
  const first = await startCluster(['--namespaces=1']);
  await until(async () => (await answers(`${first.health}/readyz`)) === 200, 'the cluster is ready');
  const { port } = new URL(first.health);
  const second = await startCluster(['--namespaces=1', `--health-port=${port}`]);

  expect(await once(second.child, 'exit')).toEqual([1, null]);
  expect(second.output()).toContain(`port ${port} is in use: choose another one with --health-port`);
});

test('refuses more namespaces than one machine can handle', async () => {
  const { child, output } = await startCluster(['--namespaces=10001']);

  const [code] = await once(child, 'exit');
  expect(code).not.toBe(0);
  expect(output()).toContain('Give a whole number from 1 to 10000 namespaces.');
});
