import { connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { APPLICATION_STATUSES, pathOf } from '../../shared/kubernetes/resources.ts';
import type { AuditRecord } from '../../simulator/kubernetes-api/audit.ts';
import { freePort } from '../support/free-port.ts';
import { type Gate, isApplicationWrite } from '../support/gate.ts';
import { BOOTSTRAP_POD, NEW, OLD } from '../support/published.ts';
import { startWorld, useWorld, type World } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import type { Target } from '../support/world-requests.ts';

/** BullMQ's defaults need more than 30 s for a killed worker's jobs. The benchmark measures the required 10 s. */
const TAKEN_OVER_WITHIN_MS = 25_000;

const isWriteIn =
  (namespaces: readonly string[]) => (request: { method: string; path: string; body: string }) =>
    namespaces.some((namespace) => isApplicationWrite(namespace)(request));

/** "Nothing is doubled": one Application write per deployment id, and at most one bootstrap pod. */
function expectNothingDoubled(world: World, namespaces: readonly string[], pods: number): void {
  for (const namespace of namespaces) {
    const writes = world.audit({ namespace, resource: 'applications', verb: 'patch' });
    expect({ namespace, writes: writes.map(({ code }) => code < 300) }).toEqual({
      namespace,
      writes: [true],
    });
    const created = world.audit({ namespace, resource: 'pods', verb: 'create', code: 201 });
    expect({ namespace, pods: created.length }).toEqual({ namespace, pods });
  }
}

/**
 * Waits until FDD has deployed itself there, while the answer to Skipper's write is stalled. A run that gets its answer then
 * is not parked, as one that waits for FDD would be.
 */
async function untilDeployed(world: World, namespace: string): Promise<void> {
  const path = pathOf(APPLICATION_STATUSES, { namespace });
  await until(async () => {
    const { items } = await world.kube.request<{ items: { result: string }[] }>({ method: 'GET', path });
    return items.filter(({ result }) => result === 'SUCCESS').length === 2;
  }, `FDD reports SUCCESS in ${namespace}`);
  await until(
    async () => (await world.http(`/api/namespaces/${namespace}`)).body.status === 'OK',
    `FDD runs in ${namespace}`,
  );
}

describe('signals', () => {
  /** The old FDD continues for 30 s, as in a cluster: a run that sees it keeps its slot until nothing has changed for a while. */
  const world = useWorld({ delays: { graceMs: 30_000 } }, (opened) => opened.startApi());

  test('SIGTERM lets running jobs finish, then the worker exits with 0', async () => {
    await world.addNamespace('draining', { fdd: OLD });
    const gate = await world.openGate();
    const stalled = gate.stall(isApplicationWrite('draining'));
    const worker = await world.startWorker({ process: true, gate, flags: { 'grace-period': 30 } });
    const { id } = await world.deploy({ namespaces: ['draining'] });
    await untilDeployed(world, 'draining');

    worker.signal('SIGTERM');
    await until(() => worker.lines().some((line) => line.includes('stopping')), 'the worker is stopping');
    stalled.release();
    const { code } = await worker.exited;

    expect(code).toBe(0);
    expect((await world.rollout(id)).targets[0]).toMatchObject({ state: 'completed', version: NEW });
  });

  test('SIGTERM stops a worker from taking new jobs', async () => {
    await world.addNamespace('in-hand', { fdd: OLD });
    await world.addNamespace('not-in-hand', { fdd: OLD });
    const gate = await world.openGate();
    const stalled = gate.stall(isApplicationWrite('in-hand'));
    const worker = await world.startWorker({ process: true, gate, flags: { 'grace-period': 30 } });
    const first = await world.deploy({ namespaces: ['in-hand'] });
    await untilDeployed(world, 'in-hand');
    worker.signal('SIGTERM');
    await until(() => worker.lines().some((line) => line.includes('stopping')), 'the worker is stopping');

    const second = await world.deploy({ namespaces: ['not-in-hand'] });
    stalled.release();
    await worker.exited;

    expect((await world.rollout(first.id)).targets[0]?.state).toBe('completed');
    expect((await world.rollout(second.id)).targets[0]?.state).toBe('pending');
    await world.withWorker({}, () => world.rolloutFinished(second.id));
  });

  test('a job that does not end within the grace period is handed to another worker', async () => {
    await world.addNamespace('handed-over', { fdd: OLD });
    world.fdds.misbehaviour.set('handed-over', { kind: 'hang' });
    const gate = await world.openGate();
    const held = gate.hold(isApplicationWrite('handed-over'));
    const worker = await world.startWorker({ process: true, gate, flags: { 'grace-period': 0.5 } });
    const { id } = await world.deploy({ namespaces: ['handed-over'] });
    await held.arrived();

    // It begins to wait for FDD when it has to stop: otherwise it would be parked soon.
    worker.signal('SIGTERM');
    held.release();
    const { code } = await worker.exited;
    expect(code).toBe(0);
    expect((await world.rollout(id)).targets[0]?.state).toBe('running');
    world.fdds.misbehaviour.clear('handed-over');
    const { targets } = await world.withWorker({}, () => world.rolloutFinished(id));

    expect(targets[0]).toMatchObject({ state: 'completed', version: NEW });
    const { attempts } = (await world.http('/api/namespaces/handed-over')).body;
    expect(attempts.map(({ end }: { end: string }) => end)).toEqual(['completed', 'handed over']);
    expectNothingDoubled(world, ['handed-over'], 0);
  });

  test('a second signal ends a process at once', async () => {
    await world.addNamespace('cut-short', { fdd: OLD });
    const gate = await world.openGate();
    const held = gate.hold(isApplicationWrite('cut-short'));
    const worker = await world.startWorker({ process: true, gate, flags: { 'grace-period': 60 } });
    const { id } = await world.deploy({ namespaces: ['cut-short'] });
    await held.arrived();

    worker.signal('SIGTERM');
    await until(() => worker.lines().some((line) => line.includes('stopping')), 'the worker is stopping');
    worker.signal('SIGTERM');
    const { code } = await worker.exited;

    expect(code).toBeGreaterThan(0);
    const { targets } = await world.withWorker({}, () => world.rolloutFinished(id));
    expect(targets[0]).toMatchObject({ state: 'completed' });
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('%s ends an api with 0', async (signal) => {
    const api = await world.startApi({ process: true });

    api.signal(signal);

    expect((await api.exited).code).toBe(0);
  });
});

describe('a killed worker', () => {
  let gate: Gate;

  const world = useWorld({}, async (opened) => {
    gate = await opened.openGate();
    await opened.startApi();
  });

  test('acceptance 12: another worker makes its missing writes soon, and nothing is doubled', async () => {
    const namespaces = [
      ...(await world.addNamespaces('killed-early', 4, { fdd: OLD })),
      ...(await world.addNamespaces('killed-fresh', 2)),
    ];
    const held = gate.hold(isWriteIn(namespaces));
    const victim = await world.startWorker({ process: true, gate });
    const { id } = await world.deploy({ namespaces });
    await until(() => held.count() === namespaces.length, 'all runs are about to write');
    const heir = await world.startWorker();

    victim.signal('SIGKILL');
    const killedAt = Date.now();
    await victim.exited;
    const { targets } = await world.rolloutFinished(id);
    await heir.stop();

    expect(targets.map(({ state }) => state)).toEqual(namespaces.map(() => 'completed'));
    for (const namespace of namespaces) {
      const [write] = world.audit({ namespace, resource: 'applications', verb: 'patch' }) as [AuditRecord];
      expect(write.at.getTime() - killedAt).toBeLessThan(TAKEN_OVER_WITHIN_MS);
    }
    expectNothingDoubled(world, namespaces.slice(0, 4), 0);
    expectNothingDoubled(world, namespaces.slice(4), 1);
  });

  test('acceptance 12: another worker verifies its finished writes, and nothing is doubled', async () => {
    const updated = await world.addNamespaces('killed-late', 3, { fdd: OLD });
    const fresh = await world.addNamespaces('killed-boot', 3);
    const namespaces = [...updated, ...fresh];
    for (const namespace of namespaces) world.fdds.misbehaviour.set(namespace, { kind: 'hang' });
    const victim = await world.startWorker({ process: true });
    const { id } = await world.deploy({ namespaces });
    await until(async () => {
      const rows: { namespace: string; phase: string }[] = (await world.http('/api/status')).body;
      const waiting = rows.filter(
        ({ namespace, phase }) =>
          namespaces.includes(namespace) &&
          phase === (updated.includes(namespace) ? 'waiting for FDD' : 'bootstrapping'),
      );
      const pods = fresh.map((namespace) => world.audit({ namespace, resource: 'pods', verb: 'create' }));
      return waiting.length === namespaces.length && pods.every(({ length }) => length > 0);
    }, 'everything is written');
    const ids = await Promise.all(namespaces.map(world.deploymentId));
    const heir = await world.startWorker();

    victim.signal('SIGKILL');
    const killedAt = Date.now();
    await victim.exited;
    // Those that were parked by then continue as soon as FDD does. A stalled one waits before another worker takes it.
    await until(async () => {
      const jobs = await world.queue.getJobs(['active', 'waiting', 'prioritized']);
      return jobs.every(({ processedOn = 0 }) => processedOn >= killedAt);
    }, 'all jobs are taken over');
    for (const namespace of namespaces) world.fdds.misbehaviour.clear(namespace);
    const { targets } = await world.rolloutFinished(id);
    await heir.stop();

    expect(targets.map(({ state }) => state)).toEqual(namespaces.map(() => 'completed'));
    expect(await Promise.all(namespaces.map(world.deploymentId))).toEqual(ids);
    expectNothingDoubled(world, updated, 0);
    expectNothingDoubled(world, fresh, 1);
    await until(async () => {
      const { items } = await world.kube.request<{ items: { metadata: { name: string } }[] }>({
        method: 'GET',
        path: '/api/v1/pods',
      });
      return items.every(({ metadata }) => metadata.name !== BOOTSTRAP_POD);
    }, 'no bootstrap pod is left');
  });

  test('acceptance 12: loses no deploy, even if workers are killed repeatedly', async () => {
    const namespaces = await world.addNamespaces('killed-often', 12, { fdd: OLD });
    const { id } = await world.deploy({ namespaces });

    for (let round = 0; round < 2; round += 1) {
      const victim = await world.startWorker({ process: true, flags: { concurrency: 3 } });
      await until(
        async () =>
          (await world.rollout(id)).targets.some(({ state }) => state === 'running' || state === 'completed'),
        'the victim has begun',
      );
      victim.signal('SIGKILL');
      await victim.exited;
    }
    const { targets } = await world.withWorker({}, () => world.rolloutFinished(id));

    expect(targets.map(({ state }) => state)).toEqual(namespaces.map(() => 'completed'));
    expectNothingDoubled(world, namespaces, 0);
  });
});

describe('a worker that is paused (SIGSTOP) and resumed', () => {
  const world = useWorld({}, (opened) => opened.startApi());

  test.each([
    ['for longer than its lease', 'long', 11_000],
    ['only until another one has taken over its job', 'short', 0],
  ])('%s: writes nothing more to that namespace', async (_what, name, atLeastMs) => {
    const namespace = `haunted-${name}`;
    await world.addNamespace(namespace);
    const gate = await world.openGate();
    // The last read before the first write.
    const lastRead = gate.hold(({ path }) => path.includes(`/${namespace}/deployments/`));
    const zombieWrites: string[] = [];
    gate.before(async ({ method, path }) => {
      if (method !== 'GET' && path.includes(`/${namespace}/`)) zombieWrites.push(`${method} ${path}`);
    });
    const zombie = await world.startWorker({ process: true, gate });
    const { id } = await world.deploy({ namespaces: [namespace] });
    await lastRead.arrived();

    zombie.signal('SIGSTOP');
    const stoppedAt = Date.now();
    const heir = await world.startWorker();
    const [target] = (await world.rolloutFinished(id)).targets;
    const before = world.changes(namespace);
    await until(() => Date.now() - stoppedAt > atLeastMs, 'the worker was paused long enough');
    zombie.signal('SIGCONT');
    lastRead.release();
    await heir.stop();
    await world.addNamespace(`after-${namespace}`, { fdd: OLD });
    const next = await world.deployed(`after-${namespace}`);
    await zombie.stop();

    expect(target).toMatchObject({ state: 'completed' });
    expect(zombieWrites).toEqual([]);
    expect(world.changes(namespace)).toEqual(before);
    expectNothingDoubled(world, [namespace], 1);
    expect((await world.rollout(id)).targets[0]).toEqual(target);
    expect(next).toMatchObject({ state: 'completed', version: NEW });
  });
});

describe('a worker that stopped fetching', () => {
  test('exits, so that it is replaced', async () => {
    const { code, lines, outcome } = await unfetching;

    expect(code).toBeGreaterThan(0);
    expect(lines.join('\n')).toMatch(/1 jobs? wait.*fetched none/);
    expect(outcome).toMatchObject({ state: 'completed', version: NEW });
  });
});

interface Unfetching {
  readonly code: number | null;
  readonly lines: readonly string[];
  /** The target of its namespace after another worker took over. */
  readonly outcome: Target | undefined;
}

/** A worker needs more than a minute to detect this: it runs beside the other tests, and is checked last. */
let unfetching: Promise<Unfetching>;

beforeAll(() => {
  unfetching = letWorkerGoDeaf();
  unfetching.catch(() => undefined);
});

afterAll(() => unfetching.catch(() => undefined));

async function letWorkerGoDeaf(): Promise<Unfetching> {
  const world = await startWorld();
  const redis = await openDeafeningProxy(Number(new URL(world.redis.url).port));
  try {
    await world.startApi();
    const worker = await world.startWorker({ process: true, flags: { 'redis-url': redis.url } });
    redis.deafen();
    await world.addNamespace('unfetched', { fdd: OLD });
    const { id } = await world.deploy({ namespaces: ['unfetched'] });
    const { code } = await worker.exited;
    const { targets } = await world.withWorker({}, () => world.rolloutFinished(id));
    return { code, lines: worker.lines(), outcome: targets[0] };
  } finally {
    await redis.close();
    await world.close();
  }
}

/** A proxy to Redis that, once deafened, never answers connections that fetch jobs, as after a failed failover. */
async function openDeafeningProxy(target: number) {
  let isDeaf = false;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const onward = connect(target, '127.0.0.1');
    let isFetching = false;
    for (const socket of [client, onward]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        onward.destroy();
      });
    }
    client.on('data', (chunk) => {
      // Not the check of rights, which tries BZPOPMIN on a key of its own.
      if (/bzpopmin\s+\S+\s+\{skipper\}:deploy:|:deploy:stalled/i.test(chunk.toString('latin1')))
        isFetching = true;
      if (!(isDeaf && isFetching)) onward.write(chunk);
    });
    onward.on('data', (chunk) => {
      if (!(isDeaf && isFetching)) client.write(chunk);
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    deafen: () => {
      isDeaf = true;
    },
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
