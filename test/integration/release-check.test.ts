import { describe, expect, test } from '@jest/globals';
import { Queue } from 'bullmq';
import { FDD, NEW, OLD } from '../support/published.ts';
import { type Raw, useWorld, type World } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import type { Rollout } from '../support/world-requests.ts';

async function withCheckQueue<T>(world: World, ask: (queue: Queue) => Promise<T>): Promise<T> {
  const queue = new Queue('release-check', { connection: { url: world.redis.url }, prefix: '{skipper}' });
  try {
    return await ask(queue);
  } finally {
    await queue.close();
  }
}

/** The release checks that have ended. */
function checks(world: World): Promise<Raw[]> {
  return withCheckQueue(world, async (queue) => {
    const jobs = await queue.getJobs(['completed', 'failed']);
    return jobs.filter((job) => job.name === 'release-check');
  });
}

/** How many lost jobs were queued again, by checks or by repairs. */
function repairsOf(world: World): Promise<number> {
  return withCheckQueue(world, async (queue) => {
    const jobs = await queue.getJobs(['completed']);
    return jobs.reduce((sum, { returnvalue }) => sum + (returnvalue?.repaired ?? 0), 0);
  });
}

/** Requests a check, waits until it has ended and returns its result. */
async function checkNow(world: World): Promise<Raw> {
  await until(async () => {
    const [first, ...others] = await Promise.all(world.running().map((each) => fleetSeenBy(world, each.url)));
    return others.every((other) => other === first);
  }, 'api and worker see the same');
  const answer = await world.http('/api/releases/check', { method: 'POST' });
  expect(answer.status).toBe(202);
  const { jobId } = answer.body;
  return withCheckQueue(world, async (queue) => {
    return until(async () => {
      const job = await queue.getJob(jobId);
      if ((await job?.getState()) === 'failed') throw new Error(job?.failedReason);
      return (await job?.getState()) === 'completed' && job?.returnvalue;
    }, 'the check has ended');
  });
}

async function fleetSeenBy(world: World, url: string): Promise<string> {
  const { text } = await world.http('/_/metrics', { url });
  return text
    .split('\n')
    .filter((line) => line.startsWith('skipper_namespaces{'))
    .sort()
    .join();
}

async function rollouts(world: World): Promise<Rollout[]> {
  return (await world.http('/api/rollouts')).body.rollouts;
}

describe('three workers that start together', () => {
  const world = useWorld({ flags: { 'release-check-interval': 3600 } });

  test('create one scheduler and read each channel once', async () => {
    await world.addNamespace('first');
    await world.addNamespace('second');

    const workers = await Promise.all([1, 2, 3].map(() => world.startWorker()));
    const [check] = await until(async () => {
      const found = await checks(world);
      return found.length > 0 && found;
    }, 'the first check has ended');
    await Promise.all(workers.map((worker) => worker.stop()));

    expect(check.returnvalue).toMatchObject({ namespaces: 2, outdated: 2 });
    expect(await checks(world)).toHaveLength(1);
    expect(world.channel.requests.get('/fiaas-deploy-daemon/stable.json')).toBe(1);
    const schedulers = await withCheckQueue(world, (queue) => queue.getJobSchedulers());
    expect(schedulers.map(({ key }) => key).sort()).toEqual(['release-check', 'repair']);
  });
});

describe('the release check', () => {
  const world = useWorld({ flags: { 'disable-autoupdate': false } }, async (opened) => {
    await opened.startApi();
    await opened.startWorker();
    await until(async () => (await checks(opened)).length > 0, 'the first check has ended');
  });

  test('deploys only the namespaces that are behind their channel', async () => {
    await world.addNamespace('outdated', { fdd: OLD });
    await world.addNamespace('missing');
    await world.addNamespace('pinned', { fdd: OLD, tag: OLD });
    await world.addNamespace('current', { fdd: NEW });
    await world.addNamespace('broken', { data: { 'cluster_config.yaml': '' } });
    await world.addNamespace('unknown', { tag: 'unknown-channel' });

    const result = await checkNow(world);

    expect(result).toMatchObject({ namespaces: 6, outdated: 2 });
    expect(result.channels).toEqual(
      expect.arrayContaining([
        { channel: 'stable', version: NEW },
        { channel: 'unknown-channel', problem: expect.stringContaining('does not exist') },
      ]),
    );
    const rollout = await world.rolloutFinished(result.rolloutId);
    expect(rollout.trigger).toBe('release');
    expect(rollout.targets.map(({ namespace, state }) => [namespace, state])).toEqual([
      ['missing', 'completed'],
      ['outdated', 'completed'],
    ]);
    expect(world.changes('current')).toEqual([]);
    expect(world.changes('pinned')).toEqual([]);
  });

  test('does nothing when every namespace is up to date', async () => {
    const before = (await rollouts(world)).length;

    expect(await checkNow(world)).toMatchObject({ outdated: 0 });

    expect(await rollouts(world)).toHaveLength(before);
  });

  test('acceptance 10: never forces a bootstrap while FDD runs', async () => {
    await world.addNamespace('healthy', { fdd: OLD });

    const { rolloutId } = await checkNow(world);

    const rollout = await world.rolloutFinished(rolloutId);
    expect(rollout.forceBootstrap).toBe(false);
    expect(world.audit({ namespace: 'healthy', resource: 'pods', verb: 'create' })).toEqual([]);
  });

  test('acceptance 10: starts no second deploy of a namespace whose rollout is in progress', async () => {
    await world.addNamespace('progressing', { fdd: OLD });
    world.fdds.misbehaviour.set('progressing', { kind: 'hang' });
    const { id } = await world.deploy({ namespaces: ['progressing'] });
    await until(async () => (await world.rollout(id)).targets[0]?.state === 'running', 'it runs');

    const result = await checkNow(world);

    world.fdds.misbehaviour.clear('progressing');
    expect(result.outdated).toBe(0);
    expect((await world.rolloutFinished(id)).targets[0]?.state).not.toBe('superseded');
  });

  test('does not retry a release that failed in a namespace at every check', async () => {
    await world.addNamespace('degraded', { fdd: OLD });
    world.fdds.misbehaviour.set('degraded', { kind: 'failed', lines: ['never'] }, { version: OLD });
    const first = await checkNow(world);
    expect((await world.rolloutFinished(first.rolloutId)).targets).toMatchObject([{ state: 'failed' }]);

    const second = await checkNow(world);

    expect(second.outdated).toBe(0);
    expect(second.rolloutId).toBeUndefined();
  });

  test('acceptance 23: leaves an FDD that Helm manages alone', async () => {
    await world.addNamespace('helm', { fdd: OLD });
    await world.kube.request({
      method: 'PATCH',
      patchType: 'merge',
      path: `/apis/apps/v1/namespaces/helm/deployments/${FDD}`,
      body: {
        metadata: {
          labels: { 'app.kubernetes.io/managed-by': 'Helm' },
          annotations: { 'meta.helm.sh/release-name': 'theirs' },
        },
      },
    });
    await until(
      async () => (await world.http('/api/namespaces/helm')).body.status === 'HELM_MANAGED',
      'the status shows Helm',
    );

    expect(await checkNow(world)).toMatchObject({ outdated: 0 });
  });

  test('acceptance 3: continues when a channel cannot be read', async () => {
    await world.addNamespace('beside-outage', { fdd: OLD });
    await world.addNamespace('in-outage', { tag: 'outage' });
    world.channel.faults.set('/fiaas-deploy-daemon/outage.json', { kind: 'status', status: 500 });

    const { rolloutId } = await checkNow(world);

    expect((await world.rolloutFinished(rolloutId)).targets).toMatchObject([
      { namespace: 'beside-outage', state: 'completed' },
    ]);
  });

  test('queues a lost job again', async () => {
    await world.addNamespace('lost', { fdd: OLD });
    const before = await repairsOf(world);
    await world.queue.pause();
    const { id, targets } = await world.deploy({ namespaces: ['lost'] });
    await (await world.job(targets[0]?.jobId)).remove();
    await world.queue.resume();

    await checkNow(world);

    // The repair that every worker makes now and then can come first.
    expect(await repairsOf(world)).toBe(before + 1);
    expect((await world.rolloutFinished(id)).targets[0]).toMatchObject({ state: 'completed' });
  });
});

describe('the release check with --disable-autoupdate', () => {
  const world = useWorld({}, async (opened) => {
    await opened.startApi();
    await opened.startWorker({ flags: { 'release-check-interval': 1 } });
  });

  test('runs at its interval and reports outdated namespaces, but deploys nothing', async () => {
    await world.addNamespace('outdated', { fdd: OLD });

    const reports = await until(async () => {
      const found = (await checks(world)).filter(({ returnvalue }) => returnvalue?.outdated === 1);
      return found.length >= 2 && found;
    }, 'two checks have seen it');

    expect(reports.every(({ returnvalue }) => returnvalue.rolloutId === undefined)).toBe(true);
    expect(await rollouts(world)).toEqual([]);
    expect(world.changes('outdated')).toEqual([]);
  });
});
