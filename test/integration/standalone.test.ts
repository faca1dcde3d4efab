import { describe, expect, test } from '@jest/globals';
import { NEW, OLD } from '../support/published.ts';
import { useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const world = useWorld({ processes: true });

describe('standalone', () => {
  test('runs API and worker in one process', async () => {
    const standalone = await world.startStandalone();
    await world.addNamespace('updated', { fdd: OLD });
    await world.addNamespace('bootstrapped');

    const { id } = await world.deploy();
    const { targets } = await world.rolloutFinished(id);
    const health = await world.http('/healthz');
    const metrics = (await world.http('/_/metrics')).text;
    const board = await world.http('/queues');
    standalone.signal('SIGTERM');
    const { code } = await standalone.exited;

    expect(targets).toMatchObject([
      { namespace: 'bootstrapped', state: 'completed', outcome: 'bootstrapped', version: NEW },
      { namespace: 'updated', state: 'completed', outcome: 'updated', version: NEW },
    ]);
    expect([health.status, board.status]).toEqual([200, 200]);
    expect(metrics).toMatch(/^deployments_triggered_total 2$/m);
    expect(metrics).toMatch(/^bootstraps_triggered_total 1$/m);
    expect(code).toBe(0);
  });

  test('runs several times side by side and shares the work', async () => {
    const gate = await world.openGate();
    const held = gate.hold(({ method, path }) => method === 'PATCH' && path.includes('/shared-'));
    const start = () => world.startStandalone({ gate, flags: { concurrency: 2 } });
    const both = await Promise.all([start(), start()]);
    const namespaces = await world.addNamespaces('shared', 12, { fdd: OLD });

    const { id } = await world.deploy({ namespaces });
    await until(() => held.count() === 4, 'each has as many runs as it may have');
    held.release();
    const { targets } = await world.rolloutFinished(id);
    const jobs = await Promise.all(targets.map(({ jobId }) => world.job(jobId)));
    await Promise.all(both.map((each) => each.stop()));

    expect(targets.every(({ state }) => state === 'completed')).toBe(true);
    expect(new Set(jobs.map(({ processedBy }) => processedBy)).size).toBe(2);
    for (const namespace of namespaces) expect(world.changes(namespace)).toEqual(['patch applications']);
  });

  test('is not ready before its worker is', async () => {
    await world.redis.stop();
    const standalone = await world.startStandalone({ unready: true });

    const problems = await until(async () => {
      const { status, body } = await world.http('/readyz');
      return status === 503 && body.problems;
    }, 'readiness reports the problem');
    await world.redis.start();
    await standalone.ready();
    await standalone.stop();

    expect(problems.join()).toContain('Redis');
  });
});

describe('--concurrency', () => {
  test('acceptance 13: limits the concurrent runs of a worker, without pauses between them', async () => {
    const namespaces = await world.addNamespaces('bounded', 6, { fdd: OLD });
    const gate = await world.openGate();
    const held = gate.hold(({ method, path }) => method === 'PATCH' && path.includes('/bounded-'));
    const api = await world.startApi();
    const worker = await world.startWorker({ gate, flags: { concurrency: 2 } });
    const { id } = await world.deploy({ namespaces });
    await until(() => held.count() === 2, 'two runs are about to write');
    const active = await world.queue.getActiveCount();
    const heldAtOnce = held.count();

    held.release();
    const { targets } = await world.rolloutFinished(id);
    await worker.stop();
    await api.stop();

    expect([active, heldAtOnce]).toEqual([2, 2]);
    expect(targets.every(({ state }) => state === 'completed')).toBe(true);
    const ends = targets.map(({ finishedAt = 0 }) => finishedAt).sort();
    expect((ends.at(-1) ?? 0) - (ends[0] ?? 0)).toBeLessThan(30_000);
  });
});
