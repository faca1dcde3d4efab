import { afterEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { Notice } from '../../domain/fleet/notices.ts';
import { type Gate, isApplicationWrite } from '../support/gate.ts';
import { rebuilt } from '../support/open-epoch.ts';
import { NEW, OLD } from '../support/published.ts';
import { useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import type { Target } from '../support/world-requests.ts';

let gate: Gate;

/** Far less than a client waits, also on a busy machine. */
const PROMPT_MS = 15_000;

/** Redis or the API server fails in every test, so each test starts its own API and worker. */
const world = useWorld({}, async (opened) => {
  gate = await opened.openGate();
});

afterEach(async () => {
  gate.repair();
  await world.redis.start();
});

async function problemsOf(url: string): Promise<string[]> {
  const { status, body } = await world.http('/readyz', { url });
  return status === 503 ? body.problems : [];
}

async function untilUnready(url: string, problem: RegExp): Promise<void> {
  await until(
    async () => (await problemsOf(url)).some((each) => problem.test(each)),
    `${url} reports ${problem}`,
  );
}

async function restingNotice(): Promise<Notice> {
  return until(async () => {
    const notices: Notice[] = (await world.http('/api/fleet')).body.summary.notices;
    return notices.find(({ code }) => code === 'workers_resting');
  }, 'the page reports it');
}

describe('Redis', () => {
  test('that is down at the start makes both processes wait and report it', async () => {
    await world.addNamespace('redis-at-start', { fdd: OLD });
    await world.redis.stop();
    const api = await world.startApi({ process: true, unready: true });
    const worker = await world.startWorker({ process: true, unready: true });
    for (const { url } of [api, worker]) {
      await untilUnready(url, /Redis/);
      expect((await world.http('/healthz', { url })).status).toBe(200);
    }
    const began = Date.now();
    const refused = await world.http('/api/deploy', { method: 'POST' });
    const tookMs = Date.now() - began;

    await world.redis.start();
    await api.ready();
    await worker.ready();
    const target = await world.deployed('redis-at-start');
    await worker.stop();
    await api.stop();

    expect(refused.status).toBe(503);
    expect(tookMs).toBeLessThan(PROMPT_MS);
    expect(target).toMatchObject({ state: 'completed', version: NEW });
  });

  test('that goes down later makes every request a prompt 503 with Retry-After, and nothing is half-enqueued', async () => {
    await world.addNamespace('redis-later', { fdd: OLD });
    const api = await world.startApi();
    await world.deploy({ namespaces: ['redis-later'] });
    const worker = await world.startWorker();
    await until(
      async () => (await world.http('/api/namespaces/redis-later')).body.state === 'completed',
      'the namespace is deployed',
    );
    const before = (await world.http('/api/rollouts')).body.rollouts.length;
    await world.redis.stop();

    for (let round = 0; round < 5; round += 1) {
      const began = Date.now();
      const answer = await world.http('/api/deploy', {
        method: 'POST',
        body: { namespaces: ['redis-later'], force_bootstrap: true },
        headers: { 'idempotency-key': `away-${round}` },
      });
      expect(Date.now() - began).toBeLessThan(PROMPT_MS);
      expect(answer.status).toBe(503);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
    }
    for (const [path, method] of [
      ['/api/releases/check', 'POST'],
      ['/api/rollouts', 'GET'],
      ['/api/rollouts/any', 'GET'],
    ]) {
      expect((await world.http(path ?? '', { method })).status).toBe(503);
    }
    const status = await world.http('/api/status');
    expect(status).toMatchObject({
      status: 200,
      body: expect.arrayContaining([expect.objectContaining({ status: 'OK' })]),
    });
    for (const { url } of [api, worker]) {
      await untilUnready(url, /Redis/);
      expect((await world.http('/healthz', { url })).status).toBe(200);
      expect((await world.http('/_/metrics', { url })).status).toBe(200);
    }

    await world.redis.start();
    await api.ready();
    await worker.ready();
    const { rollouts } = (await world.http('/api/rollouts')).body;
    const counts = await world.queue.getJobCounts('waiting', 'delayed', 'active');
    const target = await world.deployed('redis-later');
    await worker.stop();
    await api.stop();

    expect(rollouts).toHaveLength(before);
    expect(counts).toEqual({ waiting: 0, delayed: 0, active: 0 });
    expect(target).toMatchObject({ state: 'completed', outcome: 'unchanged' });
    expect(world.audit({ namespace: 'redis-later', resource: 'pods', verb: 'create' })).toEqual([]);
  });

  test('that hangs makes requests a prompt 503, and commands it runs late do no harm', async () => {
    await world.addNamespace('redis-hanging', { fdd: OLD });
    const api = await world.startApi();
    process.kill(world.redis.pid(), 'SIGSTOP');

    const began = Date.now();
    const answer = await world.http('/api/deploy', {
      method: 'POST',
      body: { namespaces: ['redis-hanging'] },
    });
    const tookMs = Date.now() - began;
    process.kill(world.redis.pid(), 'SIGCONT');

    expect(answer.status).toBe(503);
    expect(tookMs).toBeLessThan(PROMPT_MS);
    await api.ready();
    const target = await world.withWorker({}, () => world.deployed('redis-hanging'));
    await api.stop();
    expect(target).toMatchObject({ state: 'completed', version: NEW });
    expect(world.audit({ namespace: 'redis-hanging', resource: 'applications', verb: 'patch' })).toHaveLength(
      1,
    );
  });

  test('that goes down during a run only delays the run, and nothing is doubled', async () => {
    await world.addNamespace('redis-midway', { fdd: OLD });
    const api = await world.startApi();
    const worker = await world.startWorker({ gate });
    const held = gate.hold(isApplicationWrite('redis-midway'));
    const { id } = await world.deploy({ namespaces: ['redis-midway'] });
    await held.arrived();
    await world.redis.stop();
    held.release();
    await until(
      async () => (await world.deployment('redis-midway')).metadata.labels['fiaas/version'] === NEW,
      'FDD processes the change',
    );

    await world.redis.start();
    await api.ready();
    const [target] = (await world.rolloutFinished(id)).targets;
    await worker.stop();
    await api.stop();

    expect(target).toMatchObject({ state: 'completed', version: NEW });
    const writes = world.audit({ namespace: 'redis-midway', resource: 'applications', verb: 'patch' });
    expect(writes.map(({ code }) => code)).toEqual([200]);
  });

  test('that has lost all data is filled again by the next request', async () => {
    await world.addNamespace('redis-forgetful', { fdd: OLD });
    const api = await world.startApi();
    const worker = await world.startWorker();
    await world.deployed('redis-forgetful');
    const redis = new Redis(world.redis.url);
    await redis.flushall();
    await rebuilt(redis);
    redis.disconnect();

    const target = await world.deployed('redis-forgetful');
    await worker.stop();
    await api.stop();

    expect(target).toMatchObject({ state: 'completed', outcome: 'unchanged' });
  });
});

describe('the Kubernetes API server', () => {
  test('acceptance 21: unreachable at the start makes the processes wait, and /readyz reports it', async () => {
    await world.addNamespace('cluster-at-start', { fdd: OLD });
    gate.cut();
    const api = await world.startApi({ gate, unready: true });
    const worker = await world.startWorker({ gate, unready: true });
    await untilUnready(api.url, /applications not read yet/);
    await untilUnready(worker.url, /not read yet|not started/);
    const refused = await world.http('/api/deploy', { method: 'POST' });
    const healths = await Promise.all([api, worker].map(({ url }) => world.http('/healthz', { url })));

    gate.repair();
    await api.ready();
    await worker.ready();
    const target = await world.deployed('cluster-at-start');
    await worker.stop();
    await api.stop();

    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).not.toBeNull();
    expect(healths.map(({ status }) => status)).toEqual([200, 200]);
    expect(target).toMatchObject({ state: 'completed', version: NEW });
  });

  test('acceptance 21: unreachable later restarts no process, and jobs continue when it is back', async () => {
    await world.addNamespace('cluster-later', { fdd: OLD });
    const api = await world.startApi({ process: true, gate });
    const worker = await world.startWorker({ process: true, gate, flags: { 'max-attempts': 1 } });
    gate.cut();
    const { id } = await world.deploy({ namespaces: ['cluster-later'] });
    const details = await until(async () => {
      const { body } = await world.http('/api/namespaces/cluster-later');
      return /did not answer/.test(body.row.cause) && body;
    }, 'the outage is noticed');
    await untilUnready(worker.url, /the deploy queue rests: .*did not answer/);
    const notice = await restingNotice();
    const resting = (await world.http('/_/metrics', { url: worker.url })).text;
    const healths = await Promise.all([api, worker].map(({ url }) => world.http('/healthz', { url })));
    expect((await world.http('/api/status')).status).toBe(200);

    gate.repair();
    const [target] = (await world.rolloutFinished(id)).targets;
    await worker.stop();
    await api.stop();

    expect(details.row.activity).not.toBe('idle');
    expect(notice.message).toMatch(/The deploy queue rests: 1 worker cannot use the Kubernetes API/);
    expect(resting).toContain('skipper_worker_resting 1');
    expect(healths.map(({ status }) => status)).toEqual([200, 200]);
    expect(target).toMatchObject({ state: 'completed', version: NEW });
  });

  test('acceptance 21: processes catch up after dropped watches and compacted histories', async () => {
    const targets: Target[] = [];
    await world.withApi({}, () =>
      world.withWorker({}, async () => {
        for (const namespace of ['dropped-1', 'dropped-2', 'dropped-3']) {
          world.cluster.faults.dropWatches();
          world.cluster.faults.compact();
          await world.addNamespace(namespace, { fdd: OLD });
          targets.push(await world.deployed(namespace));
        }
      }),
    );

    expect(targets).toEqual(targets.map(() => expect.objectContaining({ state: 'completed', version: NEW })));
  });
});

describe('an outage of the API server during a rollout', () => {
  const NAMESPACES = 12;
  const OUTAGE_MS = 20_000;

  test('fails no namespace, even if it outlasts deadline and attempts', async () => {
    const names = await world.addNamespaces('outlasting', NAMESPACES, { fdd: OLD });
    const api = await world.startApi({ gate });
    const worker = await world.startWorker({
      gate,
      flags: { 'max-attempts': 1, 'progress-deadline': 10, concurrency: 4 },
    });
    for (const name of names.slice(0, 2)) world.fdds.misbehaviour.set(name, { kind: 'hang' });
    const { id } = await world.deploy({ namespaces: names });
    await until(async () => {
      const { targets } = await world.rollout(id);
      return targets.filter(({ state }) => state === 'running').length >= 2;
    }, 'the rollout is in progress');
    gate.cut();
    const wait = new Promise((resolve) => setTimeout(resolve, OUTAGE_MS));
    await wait;
    const during = (await world.rollout(id)).counts;
    for (const name of names) world.fdds.misbehaviour.clear(name);
    gate.repair();

    const { targets } = await world.rolloutFinished(id);
    await worker.stop();
    await api.stop();

    expect(during.failed).toBe(0);
    expect(targets.filter(({ state }) => state !== 'completed')).toEqual([]);
    expect(Math.max(...targets.map(({ attempt = 0 }) => attempt))).toBe(1);
  });

  test('that comes between two writes hides none of them: after a cancel, what was written is verified', async () => {
    await world.addNamespace('half-written');
    const api = await world.startApi();
    const held = gate.hold(({ method, path }) => method === 'POST' && /half-written\/pods/.test(path));
    const worker = await world.startWorker({ gate });
    const { id } = await world.deploy({ namespaces: ['half-written'] });
    await held.arrived();
    gate.cut();
    held.release();
    await until(
      async () => (await world.queue.getJobCounts('delayed')).delayed === 1,
      'the run is interrupted',
    );
    const body = { reason: 'a test' };
    const { status } = await world.http(`/api/rollouts/${id}/cancel`, { method: 'POST', body });
    gate.repair();

    const [target] = (await world.rolloutFinished(id)).targets;
    await worker.stop();
    await api.stop();

    expect(status).toBe(200);
    expect(target).toMatchObject({ state: 'completed', version: NEW });
  });

  test('that refuses the credentials for a while fails no namespace, and is reported', async () => {
    const names = await world.addNamespaces('refused', 3, { fdd: OLD });
    const [hung = '', ...others] = names;
    world.fdds.misbehaviour.set(hung, { kind: 'hang' });
    const api = await world.startApi();
    const worker = await world.startWorker({ gate, flags: { 'max-attempts': 1 } });
    const waiting = await world.deploy({ namespaces: [hung] });
    await until(async () => (await world.queue.getJobCounts('delayed')).delayed === 1, 'it is parked');
    gate.refuseCredentials();
    // Parked runs make no requests.
    const notice = await restingNotice();
    const { id } = await world.deploy({ namespaces: others });
    world.fdds.misbehaviour.clear(hung);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const during = (await world.rollout(id)).counts;
    gate.repair();

    const ended = [await world.rolloutFinished(id), await world.rolloutFinished(waiting.id)];
    await worker.stop();
    await api.stop();

    expect(notice.message).toMatch(/1 worker cannot use the Kubernetes API \(.*401 Unauthorized/);
    expect(during.failed).toBe(0);
    expect(ended.flatMap(({ targets }) => targets.map(({ state }) => state))).toEqual(
      names.map(() => 'completed'),
    );
  });
});
