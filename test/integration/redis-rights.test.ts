import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { NEW, OLD } from '../support/published.ts';
import { openRedisProcesses, type RedisProcess, type RedisProcesses } from '../support/redis-processes.ts';
import { useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const GUIDE = ['~{skipper}*', '&{skipper}:*', '+@all', '-@admin', '-@dangerous', '+info', '+client|list'];
const world = useWorld({});
let processes: RedisProcesses;
let redis: RedisProcess;

beforeAll(async () => {
  processes = openRedisProcesses();
  redis = await processes.start([]);
});

afterAll(() => processes.stop());

async function flagsOf(name: string, rights: readonly string[]) {
  await redis.ask('acl', 'setuser', name, 'reset', 'on', '>secret', ...rights);
  return { 'redis-url': `redis://${name}:secret@127.0.0.1:${redis.port}` };
}

/** How many commands Redis has got. */
async function commands(): Promise<number> {
  return Number(/total_commands_processed:(\d+)/.exec(String(await redis.ask('info', 'stats')))?.[1]);
}

async function problemsOf(url: string): Promise<string> {
  const { status, body } = await world.http('/readyz', { url });
  return status === 503 ? body.problems.join() : '';
}

describe('a Redis user', () => {
  test('with the rights in the guide can do everything', async () => {
    const flags = await flagsOf('guide', GUIDE);
    await world.addNamespace('rights', { fdd: OLD });
    await world.withApi({ flags }, () =>
      world.withWorker({ flags }, async () => {
        expect(await world.deployed('rights')).toMatchObject({ state: 'completed', version: NEW });
      }),
    );
  });

  test.each([
    ['INFO', GUIDE.filter((right) => right !== '+info'), /lacks the right \+info/],
    ['channels', ['resetchannels', ...GUIDE.filter((right) => !right.startsWith('&'))], /&\{skipper\}:\*/],
  ])('without %s makes both processes unready, naming the missing right', async (name, rights, problem) => {
    const flags = await flagsOf(`no-${name.toLowerCase()}`, rights);
    const api = await world.startApi({ process: true, flags, unready: true });
    const worker = await world.startWorker({ process: true, flags, unready: true });
    for (const { url } of [api, worker]) {
      await until(async () => problem.test(await problemsOf(url)), `${url} reports it`);
    }
    await worker.stop();
    await api.stop();
    const printed = [...api.lines(), ...worker.lines()].filter((line) => !line.startsWith('{'));
    expect(printed).toEqual([]);
  });
});

describe('a Redis', () => {
  test('that evicts keys is reported by readiness and on the page', async () => {
    const flags = await flagsOf('guide', GUIDE);
    await redis.ask('config', 'set', 'maxmemory-policy', 'allkeys-lru');
    const api = await world.startApi({ process: true, flags, unready: true });
    await until(async () => /set noeviction/.test(await problemsOf(api.url)), 'readiness reports it');
    const { stale } = (await world.http('/api/fleet')).body.summary;
    await api.stop();
    await redis.ask('config', 'set', 'maxmemory-policy', 'noeviction');

    expect(stale.join()).toMatch(/maxmemory-policy allkeys-lru/);
  });

  test('that is full is reported, not flooded with commands, and used again when it has room', async () => {
    const flags = await flagsOf('guide', GUIDE);
    await world.addNamespace('full', { fdd: OLD });
    const api = await world.startApi({ process: true, flags });
    const worker = await world.startWorker({ process: true, flags });
    const { id } = await world.deploy({ namespaces: ['full'] });
    await redis.ask('config', 'set', 'maxmemory', '1');
    for (const { url } of [api, worker]) {
      await until(async () => /Redis is full/.test(await problemsOf(url)), `${url} reports it`);
    }
    const { stale } = (await world.http('/api/fleet')).body.summary;
    const [before, beganAt] = [await commands(), performance.now()];
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const made = (await commands()) - before;
    const seconds = (performance.now() - beganAt) / 1_000;
    await redis.ask('config', 'set', 'maxmemory', '0');
    const [target] = (await world.rolloutFinished(id)).targets;
    await worker.stop();
    await api.stop();

    expect(stale.join()).toMatch(/Redis is full/);
    expect(made / seconds).toBeLessThan(200);
    expect(target).toMatchObject({ state: 'completed', version: NEW });
  });
});

describe('a Redis that hangs', () => {
  test('is reported by both processes, and the board answers 503', async () => {
    const api = await world.startApi({ process: true });
    const worker = await world.startWorker({ process: true });
    process.kill(world.redis.pid(), 'SIGSTOP');
    try {
      for (const { url } of [api, worker]) {
        await until(async () => /Redis does not answer/.test(await problemsOf(url)), `${url} reports it`);
      }
      const board = await world.http('/queues/api/queues/deploy/any', { url: api.url });
      const { stale } = (await world.http('/api/fleet')).body.summary;
      expect(board.status).toBe(503);
      expect(stale.join()).toMatch(/Redis does not answer/);
      await until(
        () => worker.lines().join().includes('Redis cannot do what Skipper needs'),
        'the worker has logged it',
      );
    } finally {
      process.kill(world.redis.pid(), 'SIGCONT');
    }
    await api.ready();
    await worker.ready();
    await worker.stop();
    await api.stop();
  });
});
