import { describe, expect, test } from '@jest/globals';
import { failure } from '../../simulator/kubernetes-api/api-error.ts';
import { createAdmissionRules } from '../support/admission-rules.ts';
import { type Gate, isApplicationWrite } from '../support/gate.ts';
import { BOOTSTRAP_POD, FDD, NEW, OLD, OLDEST } from '../support/published.ts';
import { type Raw, useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import type { Rollout } from '../support/world-requests.ts';

let gate: Gate;
const rules = createAdmissionRules();

const world = useWorld({ cluster: { mutate: rules.admit } }, async (opened) => {
  gate = await opened.openGate();
  await opened.startApi();
  await opened.startWorker({ gate });
});

function writesTo(namespace: string): number {
  return world.audit({ namespace, resource: 'applications', verb: 'patch', code: 200 }).length;
}

function podsMadeIn(namespace: string): number {
  return world.audit({ namespace, resource: 'pods', verb: 'create', code: 201 }).length;
}

async function imageOf(namespace: string): Promise<string> {
  return (await world.application(namespace)).spec.image;
}

/** A request whose run waits at the gate, in the middle of its Application write. */
async function heldRun(namespace: string, body: Readonly<Record<string, unknown>> = {}) {
  const held = gate.hold(isApplicationWrite(namespace));
  const rollout = await world.deploy({ namespaces: [namespace], ...body });
  await held.arrived();
  return { held, rollout };
}

async function failedJobOf(namespace: string): Promise<string> {
  world.fdds.misbehaviour.set(namespace, { kind: 'failed', lines: ['for the test'] });
  const target = await world.deployed(namespace);
  expect(target.state).toBe('failed');
  world.fdds.misbehaviour.clear(namespace);
  const job = await world.job(target.jobId);
  await until(async () => (await job.getState()) === 'failed', 'the job has failed');
  return target.jobId ?? '';
}

describe('requests for one namespace', () => {
  test('acceptance 12: many at once share few runs, and each of them ends', async () => {
    await world.addNamespace('popular', { fdd: OLD });
    const { held, rollout } = await heldRun('popular');

    const more = await Promise.all(
      Array.from({ length: 25 }, () => world.deploy({ namespaces: ['popular'] })),
    );
    held.release();
    const ends = await Promise.all([rollout, ...more].map(({ id }) => world.rolloutFinished(id)));

    const states = ends.map(({ targets }) => targets[0]?.state);
    expect(states.filter((state) => state === 'completed').length).toBeGreaterThanOrEqual(1);
    expect(new Set(states)).toEqual(new Set(['completed', 'superseded']));
    expect(writesTo('popular')).toBe(1);
    expect(more.every(({ targets }) => targets[0]?.coalesced)).toBe(true);
  });

  test('acceptance 12: a superseded request names the one that replaced it', async () => {
    await world.addNamespace('superseding', { fdd: OLD });
    const { held, rollout } = await heldRun('superseding');
    const waiting = await world.deploy({ namespaces: ['superseding'] });
    const last = await world.deploy({ namespaces: ['superseding'] });
    held.release();
    await world.rolloutFinished(last.id);

    const [reported] = (await world.rolloutFinished(waiting.id)).targets;
    expect(reported).toMatchObject({ state: 'superseded', reason: expect.stringContaining(last.id) });
    await world.rolloutFinished(rollout.id);
  });

  test('a forced request is not lost between plain ones', async () => {
    await world.addNamespace('insisting', { fdd: OLD });
    const { held, rollout } = await heldRun('insisting');

    const forced = await world.deploy({ namespaces: ['insisting'], force_bootstrap: true });
    const plain = await world.deploy({ namespaces: ['insisting'] });
    expect(podsMadeIn('insisting')).toBe(0);
    held.release();
    for (const { id } of [rollout, forced, plain]) await world.rolloutFinished(id);

    expect(podsMadeIn('insisting')).toBe(1);
  });

  test('the newest release wins', async () => {
    await world.addNamespace('newest', { tag: 'newest', fdd: OLDEST });
    world.channel.publish('newest', OLD);
    const { held, rollout } = await heldRun('newest');
    world.channel.publish('newest', OLDEST);
    const middle = await world.deploy({ namespaces: ['newest'] });
    world.channel.publish('newest', NEW);
    const last = await world.deploy({ namespaces: ['newest'] });

    held.release();
    const ends = await Promise.all([rollout, middle, last].map(({ id }) => world.rolloutFinished(id)));

    expect(ends[2]?.targets[0]).toMatchObject({ state: 'completed', version: NEW });
    expect(ends[1]?.targets[0]).toMatchObject({ state: 'superseded' });
    expect(await imageOf('newest')).toBe(`fiaas/${FDD}:${NEW}`);
  });

  test('a failed run does not drop a request that arrived meanwhile', async () => {
    await world.addNamespace('resilient', { fdd: OLD });
    // A refused write, since the newer request would end a wait for FDD.
    rules.set('resilient', ({ kind }) => {
      if (kind !== 'Application') return undefined;
      rules.clear('resilient');
      return failure({ code: 422, message: 'the first one fails', details: {} });
    });
    const { held, rollout } = await heldRun('resilient');
    const second = await world.deploy({ namespaces: ['resilient'] });
    held.release();
    await until(
      async () => (await world.rollout(rollout.id)).targets[0]?.state === 'failed',
      'the first request has failed',
    );

    const [target] = (await world.rolloutFinished(second.id)).targets;

    expect(target?.state).toBe('completed');
    const writes = world.audit({ namespace: 'resilient', resource: 'applications', verb: 'patch' });
    expect(writes.map(({ code }) => code)).toEqual([422, 200]);
  });
});

describe('two runs of one namespace', () => {
  test('acceptance 12: do not overlap when a failed job is retried with BullMQ', async () => {
    await world.addNamespace('raw-retry', { fdd: OLD });
    const failedJob = await failedJobOf('raw-retry');
    const { held, rollout } = await heldRun('raw-retry');

    const job = await world.job(failedJob);
    await job.retry('failed');
    await until(
      async () => (await job.getState()) !== 'failed' && (await job.getState()) !== 'waiting',
      'the retried job has been taken',
    );
    await until(async () => (await job.getState()) !== 'active', 'the retried job is delayed');

    expect(held.count()).toBe(1);
    held.release();
    expect((await world.rolloutFinished(rollout.id)).targets[0]).toMatchObject({ state: 'completed' });
    await until(async () => (await job.getState()) === 'completed', 'the retried job ends as well');
    expect(await imageOf('raw-retry')).toBe(`fiaas/${FDD}:${NEW}`);
  });

  test('do not overlap when jobs are added with BullMQ, even under two names', async () => {
    await world.addNamespace('raw-add', { fdd: OLD });
    const { held, rollout } = await heldRun('raw-add');

    const added = await Promise.all([
      world.queue.add('raw-add', { namespace: 'raw-add' }),
      world.queue.add('something else', { namespace: 'raw-add' }),
    ]);
    for (const job of added) {
      await until(
        async () => !['waiting', 'active'].includes(await job.getState()),
        'the added job is delayed',
      );
    }

    expect(held.count()).toBe(1);
    held.release();
    await world.rolloutFinished(rollout.id);
    for (const job of added) {
      await until(async () => (await job.getState()) === 'completed', 'the added job ends');
    }
    expect(writesTo('raw-add')).toBe(1);
  });

  test('a job with nothing new to do does nothing', async () => {
    await world.addNamespace('nothing-new', { fdd: NEW });

    const job = await world.queue.add('nothing-new', { namespace: 'nothing-new' });
    await until(async () => (await job.getState()) === 'completed', 'the job ends');

    expect((await world.job(job.id)).returnvalue).toEqual({ outcome: 'nothing new' });
    expect(world.changes('nothing-new')).toEqual([]);
  });

  test('a job for a namespace that does not exist, or without one, ends without harm', async () => {
    const strange = await Promise.all([
      world.queue.add('nowhere', { namespace: 'nowhere' }, { attempts: 2 }),
      world.queue.add('nothing', {}, { attempts: 2 }),
      world.queue.add('number', { namespace: 7 }, { attempts: 2 }),
    ]);

    for (const job of strange) {
      await until(async () => ['completed', 'failed'].includes(await job.getState()), 'the job ends');
    }
    expect(world.changes('nowhere')).toEqual([]);
  });
});

describe("the board's HTTP API", () => {
  function board(path: string, method = 'PUT', body?: unknown): Promise<Raw> {
    return world.http(`/queues/api/queues/deploy/${path}`, { method, body });
  }

  async function latestRollout(): Promise<Rollout> {
    const { rollouts } = (await world.http('/api/rollouts')).body;
    return world.rolloutFinished(rollouts[0].id);
  }

  test('Retry deploys the same release again', async () => {
    await world.addNamespace('board-retry', { fdd: OLD });
    const jobId = await failedJobOf('board-retry');

    const answer = await board(`${jobId}/retry`);
    expect(answer.status).toBeLessThan(300);

    const [target] = (await latestRollout()).targets;
    expect(target).toMatchObject({ namespace: 'board-retry', state: 'completed', version: NEW });
  });

  test('Retry does not start a second run beside the current one', async () => {
    await world.addNamespace('board-beside', { fdd: OLD });
    const jobId = await failedJobOf('board-beside');
    const { held, rollout } = await heldRun('board-beside');

    expect((await board(`${jobId}/retry`)).status).toBeLessThan(300);
    await until(
      async () => (await world.http('/api/namespaces/board-beside')).body.record.generation === 3,
      'the request is recorded',
    );

    expect(held.count()).toBe(1);
    held.release();
    await world.rolloutFinished(rollout.id);
    await latestRollout();
    expect(await imageOf('board-beside')).toBe(`fiaas/${FDD}:${NEW}`);
  });

  test('Retry all deploys every failed namespace', async () => {
    const namespaces = ['board-all-1', 'board-all-2', 'board-all-3'];
    for (const namespace of namespaces) {
      await world.addNamespace(namespace, { fdd: OLD });
      await failedJobOf(namespace);
    }

    expect((await board('retry/failed')).status).toBe(200);

    for (const namespace of namespaces) {
      await until(async () => (await imageOf(namespace)).endsWith(NEW), `${namespace} is deployed`);
      await until(
        async () => (await world.http(`/api/namespaces/${namespace}`)).body.state === 'completed',
        `${namespace} is verified`,
      );
    }
  });

  test('Add deploys only the namespace in the data', async () => {
    await world.addNamespace('board-add', { fdd: OLD });

    const answer = await board('add', 'POST', {
      name: 'deploy',
      data: { namespace: 'board-add' },
      options: {},
    });
    expect(answer.status).toBe(200);
    const [target] = (await latestRollout()).targets;
    const refused = await board('add', 'POST', {
      name: 'deploy',
      data: { namespace: 'unheard-of' },
      options: {},
    });
    const empty = await board('add', 'POST', { name: 'deploy', data: {}, options: {} });

    expect(target).toMatchObject({ namespace: 'board-add', state: 'completed', version: NEW });
    for (const [what, { status }] of Object.entries({ refused, empty })) {
      expect({ what, isClientError: status >= 400 && status < 500, status }).toMatchObject({
        what,
        isClientError: true,
      });
    }
  });

  test('a paused queue keeps requests, and continues when it is resumed', async () => {
    await world.addNamespace('board-paused', { fdd: OLD });
    expect((await board('pause')).status).toBe(200);
    const { id } = await world.deploy({ namespaces: ['board-paused'] });
    expect(await world.queue.isPaused()).toBe(true);
    expect((await world.rollout(id)).targets[0]?.state).toBe('pending');

    expect((await board('resume')).status).toBe(200);

    expect((await world.rolloutFinished(id)).targets[0]).toMatchObject({ state: 'completed' });
  });

  test.each([
    ['Empty', 'empty'],
    ['Obliterate', 'obliterate'],
    ['Clean of all delayed jobs', 'clean/delayed'],
  ])('%s is refused, and loses no request', async (_name, path) => {
    const namespace = `board-${path.replace('/', '-')}`;
    await world.addNamespace(namespace, { fdd: OLD });
    await board('pause');
    const { id } = await world.deploy({ namespaces: [namespace] });

    const { status, body } = await board(path, 'PUT', {});
    await board('resume');

    expect(status).toBe(409);
    expect(body.message).toContain('stays until it is done');
    expect((await world.rolloutFinished(id)).targets[0]).toMatchObject({ state: 'completed' });
    expect(writesTo(namespace)).toBe(1);
  });

  test('Clean of one waiting job is refused, and loses no request', async () => {
    await world.addNamespace('board-clean', { fdd: OLD });
    await board('pause');
    const { id, targets } = await world.deploy({ namespaces: ['board-clean'] });

    const { status, body } = await board(`${targets[0]?.jobId}/clean`);
    await board('resume');

    expect(status).toBe(409);
    expect(body.message).toContain('this job is waiting');
    expect((await world.rolloutFinished(id)).targets[0]).toMatchObject({ state: 'completed' });
  });

  test('Clean of finished jobs leaves the namespaces unchanged', async () => {
    await world.addNamespace('board-cleaned', { fdd: OLD });
    await world.deployed('board-cleaned');

    for (const state of ['completed', 'failed']) expect((await board(`clean/${state}`)).status).toBe(200);

    expect(await world.deployed('board-cleaned')).toMatchObject({ state: 'completed', outcome: 'unchanged' });
  });

  test("a job's data cannot be changed to another namespace", async () => {
    await world.addNamespace('board-data', { fdd: NEW });
    const { jobId } = await world.deployed('board-data');

    const answer = await world.http(`/queues/api/queues/deploy/${jobId}/update-data`, {
      method: 'PATCH',
      body: { jobData: { namespace: 'kube-system' } },
    });

    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect((await world.job(jobId)).data).toEqual({ namespace: 'board-data' });
  });

  test('no test above leaves a bootstrap pod behind', async () => {
    const pods = await world.kube.request<Raw>({ method: 'GET', path: '/api/v1/pods' });

    expect(pods.items.filter((pod: Raw) => pod.metadata.name === BOOTSTRAP_POD)).toEqual([]);
  });
});
