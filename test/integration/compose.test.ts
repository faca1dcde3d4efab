import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { findRedisServer } from '../../simulator/demo/redis-server.ts';
import { type ComposeService, ROOT, readComposeFile } from '../image/compose-file.ts';
import { entrypointOf } from '../image/dockerfile.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/until.ts';

const NAMESPACES = 5;
const CONFIG_FOLDER = '/var/run/config/fiaas';

jest.setTimeout(240_000);

/** The services of docker-compose.yml as local processes: the same commands with other ports and folders. */
describe('docker compose --profile simulated up', () => {
  const { services } = readComposeFile({ NAMESPACES: String(NAMESPACES), RELEASE_EVERY: '3600' });
  const running = new Map<string, ChildProcess>();
  let folder: string;
  let ports: Record<'redis' | 'api' | 'cluster' | 'channels' | 'health', number>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skipper-compose-'));
    const free = await Promise.all(Array.from({ length: 5 }, () => freePort()));
    const [redis = 0, api = 0, cluster = 0, channels = 0, health = 0] = free;
    ports = { redis, api, cluster, channels, health };
  });
  afterAll(async () => {
    for (const child of running.values()) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  function service(name: string): ComposeService {
    const found = services[name];
    if (found === undefined) throw new Error(`service ${name} does not exist`);
    return found;
  }

  /** Replaces what only containers have: host names of other services, and a file system of their own. */
  function here(text: string): string {
    return text
      .replaceAll(CONFIG_FOLDER, folder)
      .replace('redis:6379', `127.0.0.1:${ports.redis}`)
      .replace(/^--advertise-host=cluster$/, '--advertise-host=127.0.0.1');
  }

  function environmentOf(name: string, port: number): Record<string, string | undefined> {
    const given = Object.entries(service(name).environment).map(([key, value]) => [key, here(value)]);
    const own = name === 'worker' ? { WORKER_PORT: String(port) } : { PORT: String(port) };
    // The default path is in the image's file system.
    const CONFIG_FILE = join(folder, 'cluster_config.yaml');
    return { PATH: process.env.PATH, HOME: folder, ...Object.fromEntries(given), ...own, CONFIG_FILE };
  }

  function start(name: string, program: string, args: readonly string[], env = {}): void {
    const child = spawn(program, args, {
      stdio: 'ignore',
      env: { PATH: process.env.PATH, ...env },
      cwd: folder,
    });
    running.set(`${name}${running.size}`, child);
  }

  function startSkipper(name: string, port: number, more: readonly string[] = []): void {
    const { build, command } = service(name);
    const [program = '', ...args] = entrypointOf(build?.target ?? '');
    start(name, program, [...args, ...[...command, ...more].map(here)], environmentOf(name, port));
  }

  /** The service's own health check. Without a port it gets the command of the container's first process. */
  function isHealthy(name: string, port: number): boolean {
    const [, program = '', ...args] = service(name).healthcheck.test;
    const command = args.some((arg) => arg.startsWith('--port=')) ? [] : service(name).command;
    const local = args.map((arg) => arg.replace('/app/', ROOT).replace('=6480', `=${ports.health}`));
    return spawnSync(program, [...local, ...command], { env: environmentOf(name, port) }).status === 0;
  }

  test('the services become healthy one after another, and the fleet is deployed', async () => {
    const [, ...redisFlags] = service('redis').command;
    const redisPort = ['--port', String(ports.redis), '--bind', '127.0.0.1', '--dir', folder];
    start('redis', findRedisServer(process.env.PATH) ?? '', [...redisFlags, ...redisPort]);
    const ping =
      service('redis').healthcheck.test[1]?.replace('redis-cli', `redis-cli -p ${ports.redis}`) ?? '';
    await until(() => spawnSync('sh', ['-c', ping]).status === 0, 'redis is healthy');

    const clusterPorts = [
      `--port=${ports.cluster}`,
      `--channel-port=${ports.channels}`,
      `--health-port=${ports.health}`,
    ];
    startSkipper('cluster', 0, clusterPorts);
    await until(() => isHealthy('cluster', 0), 'the cluster is healthy');

    startSkipper('api', ports.api);
    const workerPorts = await Promise.all([freePort(), freePort()]);
    for (const port of workerPorts) startSkipper('worker', port);
    await until(() => isHealthy('api', ports.api), 'the api is healthy');
    for (const port of workerPorts) await until(() => isHealthy('worker', port), 'the worker is healthy');

    const isDeployed = async () => {
      const rows = await (await fetch(`http://127.0.0.1:${ports.api}/api/status`)).json();
      return Array.isArray(rows) && rows.length === NAMESPACES && rows.every(({ status }) => status === 'OK');
    };
    await until(isDeployed, 'all namespaces are OK without a request');

    const ended = [...running.values()].slice(1).map(
      (child) =>
        new Promise((resolve) => {
          child.once('exit', resolve);
          child.kill('SIGTERM');
        }),
    );
    expect(await Promise.all(ended)).toEqual([0, 0, 0, 0]);
  });
});
