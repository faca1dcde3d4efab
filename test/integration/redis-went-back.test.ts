import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Queue } from 'bullmq';
import { CONFIG_MAPS, NAMESPACES, pathOf } from '../../shared/kubernetes/resources.ts';
import { decodeSaved, type SavedContent } from '../../shared/saved-state/saved-content.ts';
import { NEW, OLD, OLDEST } from '../support/published.ts';
import { openRedisProcesses, type RedisProcess } from '../support/redis-processes.ts';
import { useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const STATE = { namespace: 'skipper', name: 'state' };
const processes = openRedisProcesses();
const world = useWorld({ fdds: 'instant' });
let redis: RedisProcess;

beforeAll(async () => {
  await world.kube.create(NAMESPACES, undefined, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: STATE.namespace },
  });
});
beforeEach(async () => {
  redis = await processes.start(['appendonly no']);
  world.channel.publish('wanted', OLD);
});
afterEach(() => redis.kill());
afterAll(() => processes.stop());

function flagsWith(stateConfigMap: string) {
  return {
    'redis-url': `redis://127.0.0.1:${redis.port}`,
    'state-config-map': stateConfigMap,
    'disable-autoupdate': true,
  };
}

/** From now on, a Redis that is killed comes back as it is now. */
async function takeSnapshot(): Promise<void> {
  await redis.ask('save');
}

async function goBack(): Promise<void> {
  await redis.kill();
  await redis.start();
}

async function wentBack(): Promise<boolean> {
  const { notices } = (await world.http('/api/fleet')).body.summary;
  return notices.some(({ message }: { readonly message: string }) =>
    message.startsWith('Redis went back to an older state'),
  );
}

async function saved(): Promise<SavedContent> {
  const { binaryData } = await world.kube.request<{ binaryData: Record<string, string> }>({
    method: 'GET',
    path: pathOf(CONFIG_MAPS, STATE),
  });
  return decodeSaved(Object.values(binaryData)[0] ?? '');
}

async function requestedRelease(namespace: string): Promise<unknown> {
  return (await world.http(`/api/namespaces/${namespace}`)).body.record.release;
}

async function hold(namespace: string): Promise<void> {
  const body = { reason: 'an audit' };
  expect((await world.http(`/api/namespaces/${namespace}/hold`, { method: 'POST', body })).status).toBe(200);
}

describe('a Redis that goes back to a snapshot', () => {
  test('in which an older request still waits: what was deployed since is not overwritten', async () => {
    const flags = flagsWith('none');
    await world.addNamespace('waits', { fdd: OLDEST, tag: 'wanted' });
    const api = await world.startApi({ flags });
    const older = await world.deploy({ namespaces: ['waits'] });
    await takeSnapshot();
    world.channel.publish('wanted', NEW);
    const worker = await world.startWorker({ flags });
    expect(await world.deployed('waits')).toMatchObject({ state: 'completed', version: NEW });
    const written = world.changes('waits');

    await goBack();
    await until(wentBack, 'the state is rebuilt');
    await world.addNamespace('afterwards', { fdd: OLD, tag: 'wanted' });
    expect(await world.deployed('afterwards')).toMatchObject({ state: 'completed', version: NEW });

    expect((await world.http(`/api/rollouts/${older.id}`)).status).toBe(404);
    expect(world.changes('waits')).toEqual(written);
    expect(await world.deployed('waits')).toMatchObject({ state: 'completed', outcome: 'unchanged' });
    await worker.stop();
    await api.stop();
  });

  test('while no process runs: the copy shows it, and holds since the snapshot count', async () => {
    const flags = flagsWith(`${STATE.namespace}/${STATE.name}`);
    await world.addNamespace('restarted', { fdd: OLDEST, tag: 'wanted' });
    const before = await world.startApi({ flags });
    const older = await world.deploy({ namespaces: ['restarted'] });
    await takeSnapshot();
    world.channel.publish('wanted', NEW);
    const worker = await world.startWorker({ flags });
    await world.deployed('restarted');
    const requested = await requestedRelease('restarted');
    const written = world.changes('restarted');
    await hold('restarted');
    await until(
      async () => Object.keys((await saved()).hashes[':holds'] ?? {}).length === 1,
      'the hold is saved',
    );
    await worker.stop();
    await before.stop();

    await goBack();
    const api = await world.startApi({ flags });
    const next = await world.startWorker({ flags });
    await until(wentBack, 'the state is rebuilt');

    expect(JSON.stringify((await world.http('/api/holds')).body)).toContain('an audit');
    expect(await requestedRelease('restarted')).toEqual(requested);
    expect((await world.http(`/api/rollouts/${older.id}`)).status).toBe(404);
    expect(world.changes('restarted')).toEqual(written);
    await next.stop();
    await api.stop();
  });

  test('keeps the history and the audit log that it has', async () => {
    const flags = flagsWith('none');
    await world.addNamespace('recorded', { fdd: OLDEST, tag: 'wanted' });
    const api = await world.startApi({ flags });
    const worker = await world.startWorker({ flags });
    await world.deployed('recorded');
    await redis.ask('hset', '{skipper}:notify-cursors', 'chat', '5-0');
    await takeSnapshot();
    await world.deployed('recorded');

    await goBack();
    await until(wentBack, 'the state is rebuilt');

    const { attempts } = (await world.http('/api/namespaces/recorded')).body;
    const { entries } = (await world.http('/api/audit')).body;
    const kinds = entries.map(({ kind }: { readonly kind: string }) => kind);
    expect(attempts).toHaveLength(1);
    expect(kinds).toContain('rollout.requested');
    expect(kinds).toContain('state.rebuilt');
    // Otherwise the receiver would get all of that once more.
    expect(await redis.ask('hget', '{skipper}:notify-cursors', 'chat')).toBe('5-0');
    await worker.stop();
    await api.stop();
  });

  test('that lacks only one accepted hold is noticed', async () => {
    const flags = flagsWith('none');
    await world.addNamespace('held', { fdd: OLDEST, tag: 'wanted' });
    await world.addNamespace('other', { fdd: OLDEST, tag: 'wanted' });
    const api = await world.startApi({ flags });
    const workers = [await world.startWorker({ flags }), await world.startWorker({ flags })];
    await world.deployed('held');
    await takeSnapshot();
    await hold('held');

    await goBack();
    await until(wentBack, 'the state is rebuilt');

    expect(await world.deployed('other')).toMatchObject({ state: 'completed' });
    for (const worker of workers) await worker.stop();
    await api.stop();
  });

  test('keeps the pause of the deploy queue that the copy has', async () => {
    const flags = flagsWith(`${STATE.namespace}/${STATE.name}`);
    await world.addNamespace('kept', { fdd: OLDEST, tag: 'wanted' });
    const api = await world.startApi({ flags });
    const worker = await world.startWorker({ flags });
    await takeSnapshot();
    const queue = new Queue('deploy', {
      connection: { host: '127.0.0.1', port: redis.port },
      prefix: '{skipper}',
    });
    await queue.pause();
    await hold('kept');
    await until(async () => {
      const { deploysPaused, hashes } = await saved();
      return deploysPaused && JSON.stringify(hashes).includes('kept');
    }, 'both are saved');
    await queue.close();

    await goBack();
    await until(wentBack, 'the state is rebuilt');

    await until(async () => {
      const { notices } = (await world.http('/api/fleet')).body.summary;
      return notices.some(({ code }: { code: string }) => code === 'deploys_paused');
    }, 'deploys are paused');
    expect(JSON.stringify((await world.http('/api/holds')).body)).toContain('an audit');
    await worker.stop();
    await api.stop();
  });

  test('is not one that has lost nothing', async () => {
    redis = await processes.start([]);
    const flags = flagsWith('none');
    await world.addNamespace('continues', { fdd: OLDEST, tag: 'wanted' });
    const api = await world.startApi({ flags });
    const { id } = await world.deploy({ namespaces: ['continues'] });

    await goBack();
    const worker = await world.startWorker({ flags });

    expect((await world.rolloutFinished(id)).state).toBe('completed');
    expect(await wentBack()).toBe(false);
    await worker.stop();
    await api.stop();
  });
});
