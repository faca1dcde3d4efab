import { describe, expect, test } from '@jest/globals';
import { FDD, NEW, OLD } from '../support/published.ts';
import { type Raw, useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import type { Rollout } from '../support/world-requests.ts';

const MANY = 150;

const world = useWorld({ delays: { successAfterDeploymentMs: 50 } }, async (opened) => {
  await opened.startApi();
  await opened.startWorker({ flags: { concurrency: 50 } });
});

function board(path: string, method = 'PUT', body?: unknown): Promise<Raw> {
  return world.http(`/queues/api/queues/${path}`, { method, body });
}

async function queue(name: string, query = ''): Promise<Raw> {
  const { body } = await world.http(`/queues/api/queues?activeQueue=${name}&${query}`);
  return body.queues.find((each: Raw) => each.name === name);
}

async function latestRollout(): Promise<Rollout> {
  const { rollouts } = (await world.http('/api/rollouts')).body;
  return world.rolloutFinished(rollouts[0].id);
}

async function failing(namespaces: readonly string[]): Promise<Rollout> {
  for (const namespace of namespaces) {
    world.fdds.misbehaviour.set(namespace, { kind: 'failed', lines: ['exceeded quota: pods'] });
  }
  const { id } = await world.deploy({ namespaces });
  const rollout = await world.rolloutFinished(id);
  for (const namespace of namespaces) world.fdds.misbehaviour.clear(namespace);
  await Promise.all(rollout.targets.map(({ jobId }) => world.endedJob(jobId)));
  return rollout;
}

describe('the fleet queue', () => {
  test('shows a failing namespace with its cause, and Retry deploys it', async () => {
    await world.addNamespace('fleet-retry', { fdd: OLD });
    await failing(['fleet-retry']);
    await until(
      async () => (await board('fleet/fleet-retry', 'GET')).body.status === 'failed',
      'the fleet queue shows the failure',
    );

    const { body } = await board('fleet/fleet-retry', 'GET');
    const { body: logs } = await board('fleet/fleet-retry/logs', 'GET');
    const retried = await board('fleet/fleet-retry/retry');
    const [target] = (await latestRollout()).targets;

    expect(body.job.failedReason).toContain('exceeded quota: pods');
    expect(body.job.externalUrl).toMatchObject({ href: '/status/fleet-retry' });
    expect(JSON.stringify(logs)).toContain('exceeded quota: pods');
    expect(retried.status).toBeLessThan(300);
    expect(target).toMatchObject({ namespace: 'fleet-retry', state: 'completed', version: NEW });
    await until(
      async () => (await board('fleet/fleet-retry', 'GET')).body.status === 'completed',
      'the fleet queue shows the namespace as healthy',
    );
  });

  test('Add deploys one namespace, and refuses an unknown one with the reason', async () => {
    await world.addNamespace('fleet-add', { fdd: OLD });

    const added = await board('fleet/add', 'POST', {
      name: '',
      data: { namespace: 'fleet-add' },
      options: {},
    });
    const [target] = (await latestRollout()).targets;
    const unknown = await board('fleet/add', 'POST', {
      name: '',
      data: { namespace: 'nowhere' },
      options: {},
    });

    expect(added.status).toBe(200);
    expect(target).toMatchObject({ namespace: 'fleet-add', state: 'completed' });
    expect(unknown.status).toBe(400);
    expect(unknown.body.message).toContain('nowhere');
  });
});

describe('the deploy queue', () => {
  test(`Retry all deploys all ${MANY} failed namespaces once, in one rollout`, async () => {
    const namespaces = await world.addNamespaces('many', MANY, { fdd: OLD });
    await failing(namespaces);
    const before = new Map(namespaces.map((name) => [name, world.changes(name).length]));
    expect((await queue('deploy', 'status=failed')).counts.failed).toBeGreaterThanOrEqual(MANY);

    const { status, body } = await board('deploy/retry/failed');
    const rollout = await latestRollout();

    expect(status).toBe(200);
    expect(body).toEqual({ retried: MANY, skipped: 0 });
    expect(rollout.targets.map(({ namespace }) => namespace).sort()).toEqual([...namespaces].sort());
    expect(rollout.targets.filter(({ state }) => state !== 'completed')).toEqual([]);
    for (const name of namespaces) expect(world.changes(name).length - (before.get(name) ?? 0)).toBe(1);
    const again = await board('deploy/retry/failed');
    expect(again.status).toBe(409);
    expect(again.body.message).toContain('each has a newer request');
  });

  test('Promote of a job in backoff starts the next attempt at once', async () => {
    await world.addNamespace('promoted', { fdd: OLD });
    const job = await world.queue.add(
      'promoted',
      { namespace: 'promoted' },
      { delay: 3_600_000, jobId: 'later.1' },
    );

    const answer = await board(`deploy/${job.id}/promote`);

    expect(answer.status).toBe(204);
    await until(async () => (await world.job('later.1')).finishedOn !== undefined, 'the job has run');
  });

  test('finished jobs can be read, link to the fleet page, and can be removed', async () => {
    await world.addNamespace('readable', { fdd: OLD });
    const { jobId } = await world.deployed('readable');
    await until(
      async () => (await (await world.job(jobId)).getState()) === 'completed',
      'the job has completed',
    );

    const { body } = await board(`deploy/${jobId}`, 'GET');
    const removed = await board(`deploy/${jobId}/clean`);

    expect(body.job).toMatchObject({
      name: 'readable',
      externalUrl: { href: '/status/readable' },
      progress: { phase: 'done', progress: 100 },
      returnValue: { summary: expect.stringMatching(new RegExp(`^updated to ${NEW} in \\d+\\.\\d s$`)) },
    });
    expect(removed.status).toBe(204);
    expect(await world.queue.getJob(jobId ?? '')).toBeUndefined();
  });

  test('throughput and workers are shown', async () => {
    const { body: metrics } = await board('deploy/metrics', 'GET');
    const { body: workers } = await board('deploy/workers', 'GET');

    expect(metrics.completed.meta.count).toBeGreaterThan(0);
    expect(workers.workers).toMatchObject([{ name: expect.stringMatching(/^pid-\d+$/) }]);
  });
});

describe('the release checks', () => {
  test('have schedules that cannot be removed, but can be run at once', async () => {
    const removed = await board('release-check/job-schedulers/repair/remove');
    const edited = await board('release-check/job-schedulers/release-check', 'PATCH', { every: 1_000 });
    const run = await board('release-check/job-schedulers/release-check/run');
    const added = await board('release-check/add', 'POST', { name: 'anything', data: { a: 1 }, options: {} });
    const { body } = await world.http('/queues/api/job-schedulers');

    expect([removed.status, edited.status]).toEqual([409, 409]);
    expect(edited.body.message).toContain('--release-check-interval');
    expect([run.status, added.status]).toEqual([200, 200]);
    expect(added.body.job).toMatchObject({ name: 'release-check' });
    expect(added.body.job.data?.a).toBeUndefined();
    expect(body.schedulers.map(({ id }: Raw) => id).sort()).toEqual(['release-check', 'repair']);
  });

  test('continue after Pause all, which stops only deploys', async () => {
    await world.http('/queues/api/queues/pause', { method: 'PUT' });
    const paused = [await queue('deploy'), await queue('release-check'), await queue('fleet')];
    await world.http('/queues/api/queues/resume', { method: 'PUT' });

    expect(paused.map(({ isPaused }) => isPaused)).toEqual([true, false, false]);
    expect((await queue('deploy')).isPaused).toBe(false);
  });
});

describe('the board for viewers', () => {
  test('shows all queues, and allows no changes', async () => {
    await world.addNamespace('viewed', { fdd: OLD });

    const { body } = await world.http('/view/queues/api/queues?activeQueue=fleet');
    const refused = await world.http('/view/queues/api/queues/fleet/viewed/retry', { method: 'PUT' });
    const paused = await world.http('/view/queues/api/queues/pause', { method: 'PUT' });

    expect(body.queues.map(({ name, readOnlyMode }: Raw) => [name, readOnlyMode])).toEqual([
      ['fleet', true],
      ['deploy', true],
      ['rollouts', true],
      ['release-check', true],
      ['notifications', true],
    ]);
    expect([refused.status, paused.status]).toEqual([405, 405]);
    expect(await world.queue.isPaused()).toBe(false);
    expect(world.changes('viewed')).toEqual([]);
    expect((await world.application('viewed')).spec.image).toBe(`fiaas/${FDD}:${OLD}`);
  });
});

test('while Redis is down the fleet queue is still shown, and the others show the reason', async () => {
  await world.redis.stop();
  const names = await until(async () => {
    const { body } = await world.http('/queues/api/queues');
    const all = body.queues?.map(({ name }: Raw) => name);
    return all?.length === 1 && all;
  }, 'the fleet queue alone is shown');
  const refused = await board('deploy/pause');
  await world.redis.start();

  expect(names).toEqual(['fleet']);
  expect(refused.status).toBe(503);
  expect(refused.body.message).toContain('Redis');
  await until(
    async () => (await world.http('/queues/api/queues')).body.queues?.length === 5,
    'all queues are shown again',
  );
});
