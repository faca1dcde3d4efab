import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { DEPLOYMENTS, pathOf } from '../../shared/kubernetes/resources.ts';
import { LEASE_MS } from '../../shared/lease-ms.ts';
import { rebuilt } from '../support/open-epoch.ts';
import { FDD, NEW, OLD } from '../support/published.ts';
import { startWorld, useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import { useRedisClient } from '../support/use-redis-client.ts';

const flags = { 'disable-kubernetes-events': true };
const world = useWorld({ flags }, async (opened) => {
  await opened.startApi();
  await opened.startWorker();
});
const own = useRedisClient(world);

async function noticeOf(code: string): Promise<{ readonly message: string } | undefined> {
  const { notices } = (await world.http('/api/fleet')).body.summary;
  return notices.find((notice: { readonly code: string }) => notice.code === code);
}

function countsOf(id: string): Promise<Readonly<Record<string, number>> | undefined> {
  return world.http(`/api/rollouts/${id}`).then(({ body }) => body?.counts);
}

describe('a Redis that loses its data while namespaces wait for FDD', () => {
  test('gets the rollout back from annotations, and nothing is written twice', async () => {
    const names = await world.addNamespaces('interrupted', 5, { fdd: OLD });
    const hung = names.slice(0, 2);
    const [switchedOff = '', hanging = ''] = hung;
    for (const name of hung) world.fdds.misbehaviour.set(name, { kind: 'hang' });
    const { id } = await world.deploy({ namespaces: names });
    await until(async () => (await countsOf(id))?.completed === 3, 'three are verified');
    await until(
      async () => hung.every((name) => world.changes(name).length === 1),
      'the other two are written',
    );

    await own.redis.flushall();
    const refused = await world.http('/api/deploy', { method: 'POST', body: { namespaces: names } });
    await rebuilt(own.redis);

    expect(refused).toMatchObject({
      status: 503,
      body: { code: 'redis_unavailable', detail: expect.stringContaining('rebuilt from the cluster') },
    });
    expect(refused.headers.get('retry-after')).not.toBeNull();
    const found = await world.rollout(id);
    expect(found).toMatchObject({
      state: 'paused',
      trigger: 'unknown',
      requestedBy: '',
      stateReason: expect.stringContaining('interrupted: Redis lost its data; resume to continue'),
      counts: { completed: 3, pending: 2 },
    });
    const notice = await until(() => noticeOf('state_rebuilt'), 'the notice is shown');
    expect(notice.message).toContain('there was no saved copy');
    await world.kube.request({
      method: 'PATCH',
      path: pathOf(DEPLOYMENTS, { namespace: switchedOff, name: FDD }),
      patchType: 'merge',
      query: { fieldManager: 'jo' },
      body: { spec: { replicas: 0 } },
    });
    await until(
      async () => (await world.http(`/api/namespaces/${switchedOff}`)).body.deployment.switchedOff,
      'the change is seen',
    );
    const body = { reason: 'continue' };
    expect((await world.http(`/api/rollouts/${id}/resume`, { method: 'POST', body })).status).toBe(200);
    for (const name of hung) world.fdds.misbehaviour.clear(name);
    const ended = await world.rolloutFinished(id);
    expect(ended.counts).toMatchObject({ completed: 4, cancelled: 1 });
    const targetOf = (name: string) => ended.targets.find(({ namespace }) => namespace === name);
    expect(targetOf(switchedOff)).toMatchObject({
      state: 'cancelled',
      reason: 'left the rollout: FDD is switched off (scaled to 0)',
    });
    expect(targetOf(hanging)).toMatchObject({ state: 'completed' });
    expect((await world.deployment(switchedOff)).spec.replicas).toBe(0);
    for (const name of names) expect(world.changes(name)).toEqual(['patch applications']);
    await until(async () => (await world.rollout(id)).state === 'completed', 'the rollout has ended');
  });

  test('has its records back: an unchanged namespace is not deployed again', async () => {
    await world.addNamespace('known', { fdd: OLD });
    await world.deployed('known');
    await world.deployed('known', { force_bootstrap: false });
    const before = (await world.http('/api/namespaces/known')).body.record;

    await own.redis.flushall();
    await rebuilt(own.redis);

    await until(async () => {
      const { record } = (await world.http('/api/namespaces/known')).body;
      expect(record).toMatchObject({
        state: 'completed',
        release: before.release,
        handledRelease: before.release,
      });
      return true;
    }, 'its record is back');
    expect(await world.deployed('known')).toMatchObject({ outcome: 'unchanged', version: NEW });
    expect(world.changes('known')).toEqual(['patch applications']);
  });

  test('makes its workers work again, and announces that the state was rebuilt', async () => {
    await world.addNamespace('afterwards', { fdd: OLD });
    await own.redis.flushall();
    await rebuilt(own.redis);

    expect(await world.deployed('afterwards')).toMatchObject({ state: 'completed', outcome: 'updated' });
    const entries = await own.redis.xrange('{skipper}:audit', '-', '+');
    const kinds = entries.map(([, [, json = '']]) => JSON.parse(json).kind);
    expect(kinds).toContain('state.rebuilt');
  });
});

describe('a worker from before Redis lost its data', () => {
  const before = useWorld({ flags }, (opened) => opened.startApi());

  test.each([
    ['that is suspended (SIGSTOP)', 'suspended', true],
    ['that waits for the API server', 'waiting', false],
  ])('%s between the begin of its run and the write: does not write', async (_what, name, isSuspended) => {
    const namespace = `fenced-${name}`;
    const state = new Redis(before.redis.url);
    await before.addNamespace(namespace);
    const gate = await before.openGate();
    // The last read before the first write.
    const lastRead = gate.hold(({ path }) => path.includes(`/${namespace}/deployments/`));
    const lateWrites: string[] = [];
    gate.before(async ({ method, path }) => {
      if (method !== 'GET' && path.includes(`/${namespace}/`)) lateWrites.push(`${method} ${path}`);
    });
    const old = await before.startWorker({ process: true, gate });
    await before.deploy({ namespaces: [namespace] });
    await lastRead.arrived();

    if (isSuspended) old.signal('SIGSTOP');
    await state.flushall();
    const lostAt = Date.now();
    await rebuilt(state);
    const openedAfterMs = Date.now() - lostAt;
    if (!isSuspended) {
      // It can take the next job of the namespace as well: only the run from before must not write.
      lastRead.release();
      await pause(1_500);
      await old.stop();
      state.disconnect();
      expect(lateWrites).toEqual([]);
      expect(before.changes(namespace)).toEqual([]);
      return;
    }
    const heir = await before.startWorker();
    const target = await before.deployed(namespace);
    const writes = before.changes(namespace);
    old.signal('SIGCONT');
    lastRead.release();
    await before.addNamespace(`after-${namespace}`, { fdd: OLD });
    expect(await before.deployed(`after-${namespace}`)).toMatchObject({ state: 'completed' });
    await heir.stop();
    await old.stop();
    state.disconnect();

    expect(target).toMatchObject({ state: 'completed', outcome: 'bootstrapped' });
    expect(lateWrites).toEqual([]);
    expect(before.changes(namespace)).toEqual(writes);
    // No run begins before every lease from before has expired.
    expect(openedAfterMs).toBeGreaterThan(LEASE_MS - 1_100);
  });
});

describe('a new Redis', () => {
  test('does not wait: nothing in the cluster was written by a Skipper', async () => {
    const fresh = await startWorld({});
    try {
      const api = await fresh.startApi({ unready: true });
      await api.ready();
      await fresh.addNamespace('first', { fdd: OLD });
      await fresh.startWorker();

      expect(await fresh.deployed('first')).toMatchObject({ state: 'completed' });
      // A state that is rebuilt is announced; only that waits for leases from before.
      expect((await fresh.http('/api/fleet')).body.summary.notices).not.toContainEqual(
        expect.objectContaining({ code: 'state_rebuilt' }),
      );
    } finally {
      await fresh.close();
    }
  });
});
