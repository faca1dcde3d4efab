import { afterAll, describe, expect, test } from '@jest/globals';
import { OLD } from '../support/published.ts';
import {
  makeTlsFiles,
  openRedisProcesses,
  startCluster,
  startSentinels,
  type TlsFiles,
} from '../support/redis-processes.ts';
import { useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const processes = openRedisProcesses();
const world = useWorld({ processes: true });
afterAll(() => processes.stop());

/** A worker's result reaches the API's view by a message. */
async function untilShown(namespace: string): Promise<void> {
  await until(async () => {
    const { rows } = (await world.http('/api/fleet')).body as {
      rows: { namespace: string; state?: string }[];
    };
    return rows.some((row) => row.namespace === namespace && row.state === 'completed');
  }, `${namespace} is shown as completed`);
}

const tlsFlags = ({ certFile, keyFile }: TlsFiles) => ({
  'redis-ca-file': certFile,
  'redis-cert-file': certFile,
  'redis-key-file': keyFile,
});

describe('Redis behind Sentinels', () => {
  const PASSWORD = 'secret';

  test.each([
    ['plain', false],
    ['with TLS and client certificates', true],
  ])(
    '%s: the master is found by name, and api and worker follow a failover to another one',
    async (_what, isTls) => {
      const tls = isTls ? await makeTlsFiles(world.folder) : undefined;
      const { master, replica, sentinels } = await startSentinels(processes, 'skipper-redis', {
        password: PASSWORD,
        tls,
      });
      const flags = {
        ...(tls === undefined ? {} : tlsFlags(tls)),
        // The password and the database apply, the host does not.
        'redis-url': `${isTls ? 'rediss' : 'redis'}://:${PASSWORD}@nowhere.invalid:1/2`,
        'redis-sentinels': sentinels.map(({ port }) => `127.0.0.1:${port}`).join(','),
        'redis-sentinel-master': 'skipper-redis',
        'redis-sentinel-password': PASSWORD,
      };
      const api = await world.startApi({ flags });
      const worker = await world.startWorker({ flags });
      const [first, second] = [`before-${isTls ? 'tls' : 'plain'}`, `after-${isTls ? 'tls' : 'plain'}`];
      await world.addNamespace(first, { fdd: OLD });
      await world.addNamespace(second, { fdd: OLD });
      const before = await world.deployed(first);

      await master.kill();
      await until(
        async () => String(await replica.ask('role')).startsWith('master'),
        'the replica is the master',
      );
      for (const { url } of [api, worker]) {
        await until(async () => (await world.http('/readyz', { url })).status === 200, `${url} is ready`);
      }
      const after = await world.deployed(second);
      await untilShown(first);
      await worker.stop();
      await api.stop();

      expect([before.state, after.state]).toEqual(['completed', 'completed']);
    },
  );
});

describe('Redis with TLS', () => {
  test.each([
    [
      'is not trusted without the certificate authority of --redis-ca-file',
      ['redis-ca-file'],
      'self-signed certificate',
    ],
    [
      'requires the certificate of --redis-cert-file',
      ['redis-cert-file', 'redis-key-file'],
      'certificate required',
    ],
  ])('%s', async (_what, missing, problem) => {
    const tls = await makeTlsFiles(world.folder);
    const server = await processes.start([], { tls });
    const flags = { 'redis-url': `rediss://127.0.0.1:${server.port}`, ...tlsFlags(tls) };
    const complete = await world.startApi({ flags });
    const lacking = Object.fromEntries(Object.entries(flags).filter(([flag]) => !missing.includes(flag)));
    const refused = await world.startApi({ flags: lacking, unready: true });

    const isLogged = (line: string) => line.includes('Redis connection lost') && line.includes(problem);
    await until(() => refused.lines().some(isLogged), 'the reason is logged');
    await until(async () => {
      const answer = await world.http('/readyz', { url: refused.url });
      expect(answer).toMatchObject({ status: 503, body: { problems: ['Redis is not connected'] } });
      return true;
    }, 'Redis is all that it lacks');
    await complete.stop();
    await refused.stop();
  });
});

describe('a Redis Cluster', () => {
  const flagsFor = (port: number) => ({
    'redis-url': `redis://127.0.0.1:${port}`,
    'redis-cluster': true,
  });

  test('is reached through any node; api and worker recover from an outage of the node with the keys', async () => {
    const nodes = await startCluster(processes);
    const slot = Number(await nodes[0]?.ask('cluster', 'keyslot', '{skipper}'));
    const owner = nodes[Math.floor((slot * 3) / 16_384)];
    const seed = nodes.find((node) => node !== owner);
    if (owner === undefined || seed === undefined) throw new Error('the Cluster has no nodes');
    const flags = flagsFor(seed.port);
    const api = await world.startApi({ flags });
    const worker = await world.startWorker({ flags });
    await world.addNamespace('cluster-before', { fdd: OLD });
    await world.addNamespace('cluster-after', { fdd: OLD });
    const before = await world.deployed('cluster-before');
    await untilShown('cluster-before');

    await owner.kill();
    await until(async () => (await metric(api.url, 'skipper_redis_up')) === 0, 'Redis is down');
    await owner.start();
    await until(async () => (await metric(api.url, 'skipper_redis_up')) === 1, 'Redis is back');
    const after = await until(
      () => world.deployed('cluster-after').catch(() => undefined),
      'a deploy is accepted',
    );
    await until(async () => (await metric(api.url, 'skipper_workers')) === 1, 'the worker is counted');
    await worker.stop();
    await api.stop();

    expect([before.state, after.state]).toEqual(['completed', 'completed']);
  });

  /** A metric without labels; NaN if it has no value. */
  async function metric(url: string, name: string): Promise<number> {
    const { text } = await world.http('/_/metrics', { url });
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  }
});
