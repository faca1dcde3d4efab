import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { generate } from 'selfsigned';
import { freePort } from '../../simulator/demo/free-port.ts';
import { openRedisProcesses, startCluster, startSentinels } from '../support/redis-processes.ts';
import { OLD, until, useWorld } from '../support/simulated-world.ts';

const processes = openRedisProcesses();
const world = useWorld();
afterAll(() => processes.stop());

/** What a worker has done reaches the API's view by a message. */
async function untilShown(namespace: string): Promise<void> {
  await until(async () => {
    const { rows } = (await world.http('/api/fleet')).body as {
      rows: { namespace: string; state?: string }[];
    };
    return rows.some((row) => row.namespace === namespace && row.state === 'completed');
  }, `${namespace} is shown as completed`);
}

describe('Redis behind Sentinels', () => {
  const PASSWORD = 'secret';

  test('is found by its name; when another one becomes the master, api and worker go on with it', async () => {
    const { master, replica, sentinels } = await startSentinels(processes, 'skipper-redis', PASSWORD);
    const flags = {
      // The password and the database hold, the host does not.
      'redis-url': `redis://:${PASSWORD}@nowhere.invalid:1/2`,
      'redis-sentinels': sentinels.map(({ port }) => `127.0.0.1:${port}`).join(','),
      'redis-sentinel-master': 'skipper-redis',
      'redis-sentinel-password': PASSWORD,
    };
    const api = await world.startApi({ flags });
    const worker = await world.startWorker({ flags });
    await world.addNamespace('sentinel-before', { fdd: OLD });
    await world.addNamespace('sentinel-after', { fdd: OLD });
    const before = await world.deployed('sentinel-before');

    await master.kill();
    await until(
      async () => String(await replica.ask('role')).startsWith('master'),
      'the replica is the master',
    );
    for (const { url } of [api, worker]) {
      await until(async () => (await world.http('/readyz', { url })).status === 200, `${url} is ready`);
    }
    const after = await world.deployed('sentinel-after');
    await untilShown('sentinel-before');
    await worker.stop();
    await api.stop();

    expect([before.state, after.state]).toEqual(['completed', 'completed']);
  });
});

describe('Redis with TLS', () => {
  test('is trusted by the certificate authorities of --redis-ca-file, and not without', async () => {
    const { cert, url } = await startWithTls();
    const ca = join(world.folder, 'redis-ca.crt');
    await writeFile(ca, cert);
    const flags = { 'redis-url': url };
    const trusting = await world.startApi({ flags: { ...flags, 'redis-ca-file': ca } });
    const doubting = await world.startApi({ flags, unready: true });

    const isTold = (line: string) =>
      line.includes('redis is away') && line.includes('self-signed certificate');
    await until(() => doubting.lines().some(isTold), 'it says why');
    const answer = await world.http('/readyz', { url: doubting.url });
    await trusting.stop();
    await doubting.stop();

    expect(answer).toMatchObject({ status: 503, body: { problems: ['Redis is not connected'] } });
  });

  async function startWithTls() {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'redis' }], {
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
    });
    const [certFile, keyFile] = [join(world.folder, 'redis.crt'), join(world.folder, 'redis.key')];
    await writeFile(certFile, cert);
    await writeFile(keyFile, key);
    const port = await freePort();
    await processes.start([
      `tls-port ${port}`,
      `tls-cert-file ${certFile}`,
      `tls-key-file ${keyFile}`,
      'tls-auth-clients no',
    ]);
    return { cert, url: `rediss://127.0.0.1:${port}` };
  }
});

describe('a Redis Cluster', () => {
  const flagsFor = (port: number) => ({
    'redis-url': `redis://127.0.0.1:${port}`,
    'redis-cluster': true,
  });

  test('is used from any of its nodes; api and worker go on when the one that has the keys was away', async () => {
    const nodes = await startCluster(processes);
    const slot = Number(await nodes[0]?.ask('cluster', 'keyslot', '{skipper}'));
    const owner = nodes[Math.floor((slot * 3) / 16_384)];
    const seed = nodes.find((node) => node !== owner);
    if (owner === undefined || seed === undefined) throw new Error('there is no Cluster');
    const flags = flagsFor(seed.port);
    const api = await world.startApi({ flags });
    const worker = await world.startWorker({ flags });
    await world.addNamespace('cluster-before', { fdd: OLD });
    await world.addNamespace('cluster-after', { fdd: OLD });
    const before = await world.deployed('cluster-before');
    await untilShown('cluster-before');

    await owner.kill();
    await until(async () => (await metric(api.url, 'skipper_redis_up')) === 0, 'Redis is away');
    await owner.start();
    await until(async () => (await metric(api.url, 'skipper_redis_up')) === 1, 'Redis is back');
    const after = await until(
      () => world.deployed('cluster-after').catch(() => undefined),
      'a deploy is taken',
    );
    const workers = await metric(api.url, 'skipper_workers');
    await worker.stop();
    await api.stop();

    expect([before.state, after.state]).toEqual(['completed', 'completed']);
    expect(workers).toBe(1);
  });

  /** A metric without labels; NaN where it has no value. */
  async function metric(url: string, name: string): Promise<number> {
    const { text } = await world.http('/_/metrics', { url });
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  }
});
