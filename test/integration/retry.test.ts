import { afterEach, describe, expect, test } from '@jest/globals';
import { CONFIG_MAPS, PODS, pathOf } from '../../shared/kubernetes/resources.ts';
import { type Gate, isApplicationWrite } from '../support/gate.ts';
import { BOOTSTRAP_POD, FDD, NEW, OLD } from '../support/published.ts';
import { type Raw, useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import type { Target } from '../support/world-requests.ts';

let gate: Gate;
let workerUrl: string;

const WITHOUT_RIGHTS: readonly (string | undefined)[] = ['denied', 'bereft-deleting', 'bereft-gone'];

const world = useWorld(
  {
    cluster: {
      tokens: { 'skipper-token': 'skipper' },
      deny: ({ user, namespace, resource, verb }) =>
        user === 'skipper' &&
        WITHOUT_RIGHTS.includes(namespace) &&
        resource === 'applications' &&
        verb === 'patch'
          ? 'no such right'
          : undefined,
    },
    flags: { 'api-token': 'skipper-token' },
  },
  async (opened) => {
    gate = await opened.openGate();
    await opened.startApi();
    const worker = await opened.startWorker({
      gate,
      flags: { 'max-attempts': 3, 'retry-backoff-base': 0.05 },
    });
    workerUrl = worker.url;
  },
);

afterEach(() => {
  Object.assign(world.cluster.faults, {
    rejectRate429: 0,
    errorRate5xx: 0,
    timeoutAfterWriteRate: 0,
    latencyMs: 0,
  });
});

function strikeWritesTo(namespace: string, faults: Partial<typeof world.cluster.faults>): void {
  Object.assign(world.cluster.faults, {
    method: /PATCH/,
    path: new RegExp(`/namespaces/${namespace}/applications`),
    ...faults,
  });
}

function writesTo(namespace: string): number[] {
  const patches = { namespace, resource: 'applications', verb: 'patch' };
  return world.audit(patches).map(({ code }) => code);
}

/** Follows a rollout's target until it is finished. */
async function finished(id: string): Promise<Target> {
  return (await world.rolloutFinished(id)).targets[0] as Target;
}

describe('retry', () => {
  test('429 is retried after Retry-After and uses no attempts', async () => {
    await world.addNamespace('throttled', { fdd: OLD });
    strikeWritesTo('throttled', { rejectRate429: 1, retryAfterSeconds: 0.3 });
    const { id } = await world.deploy({ namespaces: ['throttled'] });
    await until(() => writesTo('throttled').length >= 5, 'more refusals than attempts');

    const times = world.audit({ namespace: 'throttled', verb: 'patch' }).map(({ at }) => at.getTime());
    world.cluster.faults.rejectRate429 = 0;
    const target = await finished(id);

    expect(target).toMatchObject({ state: 'completed', version: NEW });
    expect(target.attempt).toBeLessThanOrEqual(3);
    for (const [index, time] of times.slice(1).entries()) {
      expect(time - (times[index] ?? 0)).toBeGreaterThanOrEqual(300);
    }
    expect(writesTo('throttled').filter((code) => code === 200)).toHaveLength(1);
  });

  test('5xx is retried, and the job shows the error of every attempt', async () => {
    await world.addNamespace('erring', { fdd: OLD });
    strikeWritesTo('erring', { errorRate5xx: 1 });
    const { id } = await world.deploy({ namespaces: ['erring'] });
    await until(() => writesTo('erring').length >= 2, 'two attempts have failed');
    world.cluster.faults.errorRate5xx = 0;

    const target = await finished(id);

    expect(target).toMatchObject({ state: 'completed', version: NEW });
    expect(target.attempt).toBeGreaterThan(1);
    const log = await world.jobLog(target.jobId);
    expect(log).toMatch(/attempt 1 failed \(cluster_unavailable\).*500/);
    expect(log).toMatch(/attempt 2 failed/);
    expect(((await world.job(target.jobId)).stacktrace ?? []).join('\n')).toContain('500');
  });

  test('attempts are limited, and the last error is the reason', async () => {
    await world.addNamespace('hopeless', { fdd: OLD });
    strikeWritesTo('hopeless', { errorRate5xx: 1 });

    const target = await world.deployed('hopeless');

    expect(target).toMatchObject({
      state: 'failed',
      code: 'cluster_unavailable',
      attempt: 3,
      reason: expect.stringContaining('500'),
    });
    expect(writesTo('hopeless')).toHaveLength(3);
    expect(await (await world.endedJob(target.jobId)).getState()).toBe('failed');
  });

  test('a write whose response was lost is not repeated', async () => {
    await world.addNamespace('answerless');
    strikeWritesTo('answerless', { timeoutAfterWriteRate: 1 });
    const { id } = await world.deploy({ namespaces: ['answerless'] });
    await until(() => writesTo('answerless').length > 0, 'the write was sent');
    const written = await until(() => world.deploymentId('answerless'), 'the write has taken effect');
    world.cluster.faults.timeoutAfterWriteRate = 0;

    const target = await finished(id);

    expect(target).toMatchObject({ state: 'completed' });
    expect(await world.deploymentId('answerless')).toBe(written);
    expect(writesTo('answerless')).toHaveLength(1);
    expect(world.audit({ namespace: 'answerless', resource: 'pods', verb: 'create' })).toHaveLength(1);
  });

  test('a forbidden write fails at the first attempt, with the reason', async () => {
    await world.addNamespace('denied', { fdd: OLD });

    const target = await world.deployed('denied');

    expect(target).toMatchObject({
      state: 'failed',
      code: 'forbidden',
      attempt: 1,
      reason: expect.stringMatching(/cannot patch resource "applications".*no such right/),
    });
    // An API server that is starting refuses what it allows later: the client retries a few times, the job does not.
    expect(new Set(writesTo('denied'))).toEqual(new Set([403]));
  });

  test('a forbidden write is skipped if the ConfigMap is gone or being deleted', async () => {
    for (const namespace of ['bereft-deleting', 'bereft-gone'])
      await world.addNamespace(namespace, { fdd: OLD });
    const configMapOf = (namespace: string) => ({ namespace, name: FDD });
    await world.kube.request({
      method: 'PATCH',
      patchType: 'merge',
      path: pathOf(CONFIG_MAPS, configMapOf('bereft-deleting')),
      body: { metadata: { finalizers: ['example.org/slow'] } },
    });
    const { id } = await world.deploy({ namespaces: ['bereft-deleting', 'bereft-gone'] });
    const areRefused = () => ['bereft-deleting', 'bereft-gone'].every((each) => writesTo(each).length > 0);
    await until(areRefused, 'their writes are refused');

    await world.kube.delete(CONFIG_MAPS, configMapOf('bereft-deleting'));
    await world.kube.delete(CONFIG_MAPS, configMapOf('bereft-gone'));

    const { targets } = await world.rolloutFinished(id);
    const skipped = { state: 'cancelled', code: 'namespace_gone' };
    expect(targets).toMatchObject([skipped, skipped]);
  });

  test('a namespace that is deleted during its deploy ends its job as skipped, with the reason', async () => {
    await world.addNamespace('leaving', { fdd: OLD });
    world.fdds.misbehaviour.set('leaving', { kind: 'hang' });
    const { id } = await world.deploy({ namespaces: ['leaving'] });
    await until(
      async () => (await world.http('/api/namespaces/leaving')).body.phase === 'waiting for FDD',
      'the run is in progress',
    );

    await world.removeNamespace('leaving');

    const target = await finished(id);
    expect(target).toMatchObject({
      state: 'cancelled',
      outcome: 'skipped',
      reason: expect.stringMatching(/skipped: .*(gone|deleted|terminated|namespaces "leaving" not found)/),
    });
    const job = await world.endedJob(target.jobId);
    expect(await job.getState()).toBe('completed');
    expect(job.returnvalue).toMatchObject({ outcome: 'skipped', reason: target.reason });
  });

  test('a namespace whose bootstrap is killed by its deletion ends as gone, not as failed', async () => {
    await world.addNamespace('dissolving');
    world.fdds.misbehaviour.set('dissolving', { kind: 'bootstrap-exits', exitCode: 1, lines: ['killed'] });
    const { id } = await world.deploy({ namespaces: ['dissolving'] });
    const pod = { namespace: 'dissolving', name: BOOTSTRAP_POD };
    await until(
      async () => (await world.kube.get<Raw>(PODS, pod))?.status?.phase === 'Failed',
      'its bootstrap pod was killed',
    );

    // The Application goes last.
    await world.kube.delete(CONFIG_MAPS, { namespace: 'dissolving', name: FDD });

    expect(await finished(id)).toMatchObject({
      state: 'cancelled',
      code: 'namespace_gone',
      reason: expect.stringMatching(/^skipped: the namespace, or its ConfigMap .* is gone$/),
    });
  });

  test('a namespace that is gone when its write arrives is skipped', async () => {
    await world.addNamespace('left', { fdd: OLD });
    const held = gate.hold(isApplicationWrite('left'));
    const { id } = await world.deploy({ namespaces: ['left'] });
    await held.arrived();
    await world.removeNamespace('left');
    await until(
      async () => (await world.http('/api/namespaces/left')).status === 404,
      'the namespace is gone',
    );
    held.release();

    expect(await finished(id)).toMatchObject({ state: 'cancelled', outcome: 'skipped' });
  });

  test('a request for a namespace in backoff starts the next attempt at once', async () => {
    await world.addNamespace('impatient', { fdd: OLD });
    strikeWritesTo('impatient', { rejectRate429: 1, retryAfterSeconds: 60 });
    await world.deploy({ namespaces: ['impatient'] });
    const row = async (): Promise<Raw> => (await world.http('/api/namespaces/impatient')).body;
    await until(async () => (await row()).phase === 'backoff', 'the namespace is in backoff');
    expect((await row()).reason).toMatch(/429.*next in 6\d/);
    world.cluster.faults.rejectRate429 = 0;

    const { id, targets } = await world.deploy({ namespaces: ['impatient'] });

    expect(targets[0]).toMatchObject({ coalesced: true });
    expect(await finished(id)).toMatchObject({ state: 'completed', version: NEW });
  });

  test('a worker that lost the cluster does not treat a namespace it has not seen as gone', async () => {
    gate.cut();
    await world.addNamespace('unseen');
    const { id } = await world.deploy({ namespaces: ['unseen'] });
    await until(async () => {
      const [target] = (await world.rollout(id)).targets;
      const metrics = (await world.http('/_/metrics', { url: workerUrl })).text;
      return target?.state !== 'pending' || metrics.includes('skipper_worker_resting 1');
    }, 'the worker has taken the job, or rests');
    gate.repair();

    expect(await finished(id)).toMatchObject({ state: 'completed', version: NEW });
  });
});
