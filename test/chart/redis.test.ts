import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { findRedisServer } from '../../simulator/demo/redis-server.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/real-world.ts';
import { pick, render, type Values } from './support/helm.ts';

const PASSWORD = 'abcDEF0123456789';
const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

describe("the chart's Redis, started like its container", () => {
  test('requires the password, never evicts keys, and writes an append-only file', async () => {
    const { port, probe } = await start({});
    await until('the probe succeeds', () => probe('readinessProbe') === 0);
    const redis = connect(port, PASSWORD);
    const stranger = connect(port, undefined);

    await expect(stranger.ping()).rejects.toThrow('NOAUTH');
    expect(await redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
    expect(await redis.config('GET', 'appendonly')).toEqual(['appendonly', 'yes']);
    expect(await redis.config('GET', 'maxmemory')).toEqual(['maxmemory', String(512 * 1024 * 1024)]);
    expect([probe('startupProbe'), probe('livenessProbe')]).toEqual([0, 0]);
  });

  test('keeps its data when it is stopped like a pod', async () => {
    const first = await start({});
    await until('the probe succeeds', () => first.probe('readinessProbe') === 0);
    const redis = connect(first.port, PASSWORD);
    await redis.set('asked', 'for');
    redis.disconnect();
    await first.stop();

    const second = await start({}, first.folder);
    await until('the probe succeeds', () => second.probe('readinessProbe') === 0);

    expect(await connect(second.port, PASSWORD).get('asked')).toBe('for');
  });

  test('without a password accepts every pod, and reads extra configuration lines', async () => {
    const values = { redis: { auth: { enabled: false }, extraConfig: 'maxclients 99' } };
    const { port, probe } = await start(values);
    await until('the probe succeeds', () => probe('readinessProbe') === 0);

    expect(await connect(port, undefined).config('GET', 'maxclients')).toEqual(['maxclients', '99']);
    expect(await connect(port, undefined).config('GET', 'protected-mode')).toEqual(['protected-mode', 'no']);
  });

  test('probes fail if Redis does not answer', async () => {
    const { probe, stop } = await start({});
    await until('the probe succeeds', () => probe('readinessProbe') === 0);
    await stop();

    expect([probe('readinessProbe'), probe('livenessProbe')]).not.toContain(0);
  });
});

describe('the password', () => {
  test('is long, and different for each release', () => {
    const passwords = [render(), render()].map((manifests) => {
      const { data } = pick(manifests, 'Secret', 'fiaas-skipper-redis');
      return Buffer.from(data?.['redis-password'] ?? '', 'base64').toString();
    });

    for (const password of passwords) expect(password).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(passwords[0]).not.toBe(passwords[1]);
  });
});

/** Runs the container's own command and probes; only port and folders differ. */
async function start(values: Values, folder?: string) {
  const manifests = render(values);
  const port = await freePort();
  const place = folder ?? (await mkdtemp(join(tmpdir(), 'skipper-chart-redis-')));
  if (folder === undefined) ends.push(() => rm(place, { recursive: true, force: true }));
  const conf = pick(manifests, 'ConfigMap', 'fiaas-skipper-redis').data?.['redis.conf'] ?? '';
  const moved = conf.replace('port 6379', `port ${port}`).replace('dir /data', `dir ${place}`);
  expect(moved).toContain(place);
  await writeFile(join(place, 'redis.conf'), moved);
  const [container] = pick(manifests, 'StatefulSet', 'fiaas-skipper-redis').spec.template.spec.containers;
  const env = {
    PATH: `${dirname(findRedisServer(process.env.PATH) ?? '/usr/bin/redis-server')}:${process.env.PATH}`,
    ...(container.env === undefined ? {} : { REDIS_PASSWORD: PASSWORD, REDISCLI_AUTH: PASSWORD }),
  };
  const [program = '', ...args] = container.command.map((word) =>
    word.replace('/etc/redis/redis.conf', join(place, 'redis.conf')),
  );
  const server = spawn(program, args, { env, stdio: 'ignore' });
  const stop = () => stopped(server);
  ends.push(stop);
  return {
    port,
    folder: place,
    stop,
    /** Exit code of a probe's command. */
    probe: (name: 'startupProbe' | 'livenessProbe' | 'readinessProbe'): number | null => {
      const [shell = '', ...words] = container[name].exec.command.map((word) =>
        word.replace('redis-cli', `redis-cli -p ${port}`),
      );
      return spawnSync(shell, words, { env }).status;
    },
  };
}

function stopped(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    server.once('exit', () => resolve());
    server.kill('SIGTERM');
  });
}

function connect(port: number, password: string | undefined): Redis {
  const redis = new Redis({
    port,
    host: '127.0.0.1',
    enableReadyCheck: false,
    ...(password === undefined ? {} : { password }),
  });
  redis.on('error', () => undefined);
  ends.push(async () => redis.disconnect());
  return redis;
}
