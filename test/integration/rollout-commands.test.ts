import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { NEW, OLD } from '../support/published.ts';
import { useWorld, type World, writeInto } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import type { HttpAnswer, Rollout } from '../support/world-requests.ts';

const LEASES = '{skipper}:lease:';
const JO = { reason: 'jo says so' };
/** One after the other, without a soak. */
const ONE_BY_ONE = {
  type: 'Progressive',
  canary: 0,
  waves: ['100%'],
  maxConcurrency: 1,
  minSuccessTime: '0s',
  maxFailures: 0,
};

function post(world: World, path: string, body: unknown = JO): Promise<HttpAnswer> {
  return world.http(path, { method: 'POST', body });
}

async function command(world: World, id: string, name: string, body: object = {}) {
  const answer = await post(world, `/api/rollouts/${id}/${name}`, { ...JO, ...body });
  expect({ name, status: answer.status, body: answer.body }).toMatchObject({ name, status: 200 });
  return answer.body;
}

async function create(world: World, body: object): Promise<Rollout> {
  const answer = await post(world, '/api/rollouts', body);
  expect(answer.status).toBe(202);
  return answer.body;
}

function inState(world: World, id: string, state: string): Promise<Rollout> {
  return until(async () => {
    const rollout = await world.rollout(id);
    return rollout.state === state && rollout;
  }, `rollout ${id} is ${state}`);
}

async function stateOf(world: World, id: string, namespace: string): Promise<string | undefined> {
  return (await world.rollout(id)).targets.find((target) => target.namespace === namespace)?.state;
}

function isRunning(world: World, id: string, namespace: string): Promise<unknown> {
  return until(async () => (await stateOf(world, id, namespace)) === 'running', `${namespace} is running`);
}

/** The versions that the namespaces' Applications specify. */
async function versionsOf(world: World, namespaces: readonly string[]): Promise<(string | undefined)[]> {
  const applications = await Promise.all(namespaces.map((each) => world.application(each)));
  return applications.map((application) => application?.spec.image.split(':').at(-1));
}

function haveVersion(world: World, names: readonly string[], version: string): Promise<unknown> {
  return until(
    async () => (await versionsOf(world, names)).every((each) => each === version),
    `all of ${names.join(', ')} have ${version}`,
  );
}

/** The namespaces that Skipper has written to, after so many requests. A bootstrap that has begun is a few writes. */
function writtenTo(world: World, after = 0): string[] {
  const writes = world
    .audit()
    .slice(after)
    .filter(({ verb }) => !['get', 'list', 'watch'].includes(verb));
  return [...new Set(writes.map(({ namespace }) => namespace))].sort();
}

/** Waits until no run is left that could still write for the first time: those that have not written give back their leases. */
async function stopped(world: World, after = 0): Promise<void> {
  const redis = new Redis(world.redis.url);
  const stillBegun = async () => {
    const leases = await redis.keys(`${LEASES}*`);
    const written = writtenTo(world, after);
    return leases.map((key) => key.slice(LEASES.length)).filter((namespace) => !written.includes(namespace));
  };
  await until(async () => (await stillBegun()).length === 0, 'the runs stop').finally(() =>
    redis.disconnect(),
  );
}

describe('a rollout that is paused while dozens of jobs are queued', () => {
  const world = useWorld({ fdds: 'instant' }, async (opened) => {
    opened.channel.publish('stable', OLD);
    await opened.startApi();
  });

  test('stops its runs and writes nothing more, and everything else once it is resumed', async () => {
    const names = await world.addNamespaces('team', 40);
    const { id } = await create(world, { strategy: { type: 'All' } });
    await world.withWorker({ flags: { concurrency: 2, 'kube-api-qps': 20 } }, async () => {
      await until(() => writtenTo(world).length > 1, 'the worker has begun');

      const paused = await command(world, id, 'pause');
      await stopped(world);
      const written = writtenTo(world);
      await sleep(2_000);

      expect(paused).toMatchObject({ id, state: 'paused', left: [] });
      expect(writtenTo(world)).toEqual(written);
      const held = await world.rollout(id);
      expect(held.state).toBe('paused');
      expect(held.counts.pending).toBeGreaterThan(20);
      expect(await world.http('/api/rollouts?state=paused')).toMatchObject({ body: { rollouts: [{ id }] } });

      expect(await command(world, id, 'resume')).toMatchObject({ state: 'running' });
      expect((await inState(world, id, 'completed')).counts.completed).toBe(names.length);
    });
    // Its targets have ended a moment before that is decided, which is on the timeline if a worker is left to do it.
    const events = (await world.rollout(id)).events as readonly { readonly kind: string }[];
    expect(events.filter(({ kind }) => kind !== 'decided')).toMatchObject([
      { kind: 'resumed', reason: JO.reason },
      { kind: 'paused', reason: JO.reason },
      { kind: 'created' },
    ]);
  });
});

describe('a rollout that is paused for longer than its targets can take', () => {
  const world = useWorld({ fdds: 'instant' }, async (opened) => {
    opened.channel.publish('stable', OLD);
    await opened.startStandalone({
      flags: { concurrency: 20, 'kube-api-qps': 8, 'release-check-interval': 1 },
    });
  });

  test('does not count the pause', async () => {
    const names = await world.addNamespaces('team', 20);
    const { id } = await create(world, {
      strategy: { ...ONE_BY_ONE, maxConcurrency: 20, progressDeadline: '8s', maxFailures: 20 },
    });
    await until(async () => (await world.rollout(id)).counts.running === names.length, 'all have begun');
    await command(world, id, 'pause');
    await sleep(10_000);

    const held = await world.rollout(id);
    expect(held).toMatchObject({ state: 'paused', counts: { failed: 0 } });
    expect(held.counts.running).toBeGreaterThan(0);

    await command(world, id, 'resume');
    await until(async () => (await world.rollout(id)).counts.running === 0, 'all have ended');
    // If the pause counted, none would have any time left.
    expect((await world.rollout(id)).counts.completed).toBeGreaterThan(0);
  });
});

describe('a rollout that is cancelled while dozens of jobs are queued', () => {
  const world = useWorld({ fdds: 'instant' }, async (opened) => {
    opened.channel.publish('stable', OLD);
    await opened.startApi();
    await opened.addNamespaces('team', 40);
  });

  test.each([
    ['at once', []],
    ['after a pause', ['pause']],
  ])('stops its runs and writes nothing more (%s)', async (_when, before) => {
    const { id } = await create(world, { strategy: { type: 'All' } });
    const since = world.audit().length;
    await world.withWorker({ flags: { concurrency: 40, 'kube-api-qps': 10 } }, async () => {
      await until(() => writtenTo(world, since).length > 1, 'the worker has begun');
      for (const name of before) await command(world, id, name);

      const { namespaces, left } = await command(world, id, 'cancel');
      await stopped(world, since);
      const written = writtenTo(world, since);
      await sleep(2_000);

      expect(writtenTo(world, since)).toEqual(written);
      expect(namespaces.length + left.length).toBeGreaterThan(20);
      const { counts } = await world.rolloutFinished(id);
      expect(counts.completed).toBeLessThan(15);
      expect((counts.completed ?? 0) + (counts.cancelled ?? 0)).toBe(40);
    });
    world.channel.publish('stable', NEW);
  });
});

describe('an operator', () => {
  const world = useWorld({}, async (opened) => {
    opened.channel.publish('stable', OLD);
    await opened.startStandalone({ flags: { 'max-attempts': 1 } });
    await opened.addNamespaces('team', 3);
    await opened.rolloutFinished((await opened.deploy()).id);
  });

  test('cancels a rollout: what has begun is left and listed, the rest ends', async () => {
    world.channel.publish('stable', NEW);
    world.fdds.misbehaviour.set('*', { kind: 'hang' });
    const { id } = await create(world, { namespaces: ['team-1', 'team-2', 'team-3'], strategy: ONE_BY_ONE });
    const first = await until(
      async () => (await world.rollout(id)).targets.find(({ state }) => state === 'running')?.namespace,
      'one is running',
    );

    const result = await command(world, id, 'cancel');

    const others = ['team-1', 'team-2', 'team-3'].filter((each) => each !== first);
    expect(result).toMatchObject({ state: 'cancelled', left: [first], namespaces: others });
    expect(result.message).toBe(
      'cancelled: 2 targets ended; 1 target is being worked on: what is written there is still verified',
    );
    expect(await stateOf(world, id, others[0] ?? '')).toBe('cancelled');
    world.fdds.misbehaviour.clear('*');
    await world.rolloutFinished(id);
    expect(await versionsOf(world, others)).toEqual([OLD, OLD]);

    const again = await post(world, `/api/rollouts/${id}/cancel`);
    expect(again).toMatchObject({ status: 409, body: { code: 'rollout_conflict', state: 'cancelled' } });
    expect(again.headers.get('content-type')).toContain('application/problem+json');
  });

  test('retries what failed, with the release that the rollout has frozen, and skips the rest', async () => {
    world.channel.publish('stable', NEW);
    world.fdds.misbehaviour.set('team-1', { kind: 'crash-loop' }, { version: NEW });
    const { id } = await create(world, {
      namespaces: ['team-1', 'team-2', 'team-3'],
      strategy: { ...ONE_BY_ONE, canary: { names: ['team-1'] } },
    });
    const paused = await inState(world, id, 'paused');
    expect(paused.counts).toMatchObject({ failed: 1, pending: 2 });
    world.channel.publish('stable', OLD);
    world.fdds.misbehaviour.clear('team-1');

    expect(await command(world, id, 'skip', { namespaces: ['team-3'] })).toMatchObject({
      state: 'paused',
      namespaces: ['team-3'],
    });
    expect(await command(world, id, 'retry')).toMatchObject({ state: 'running', namespaces: ['team-1'] });

    const done = await inState(world, id, 'completed');
    expect(done.counts).toMatchObject({ completed: 2, cancelled: 1 });
    expect(await versionsOf(world, ['team-1', 'team-2'])).toEqual([NEW, NEW]);
    expect(done.waves).toMatchObject([{ isCanary: true, counts: { completed: 1 } }, { isCanary: false }]);
  });

  test('approves each wave', async () => {
    const { id } = await create(world, {
      namespaces: ['team-1', 'team-2'],
      strategy: { ...ONE_BY_ONE, waves: ['50%', '100%'], approval: true },
    });
    await until(async () => (await world.rollout(id)).counts.completed === 1, 'the first wave has ended');
    await until(
      async () => /waits for an approval/.test(String((await world.rollout(id)).because)),
      'the second one waits',
    );

    await command(world, id, 'approve');

    await inState(world, id, 'completed');
  });

  test('rolls back to what was verified before, and holds it', async () => {
    world.channel.publish('stable', NEW);
    const names = ['team-1', 'team-2'];
    const { id } = await create(world, { namespaces: names });
    await inState(world, id, 'completed');
    expect((await world.rollout(id)).targets[0]).toMatchObject({ previousVersion: OLD });

    const back = await post(world, `/api/rollouts/${id}/rollback`);

    expect(back).toMatchObject({
      status: 202,
      body: { rollsBack: id, reason: JO.reason, strategy: { type: 'All' } },
    });
    expect(back.headers.get('location')).toBe(`/api/rollouts/${back.body.id}`);
    await inState(world, back.body.id, 'completed');
    expect(await versionsOf(world, names)).toEqual([OLD, OLD]);
    expect((await world.http('/api/holds')).body.holds).toMatchObject(
      names.map((namespace) => ({ namespace, rolloutId: id })),
    );
    expect((await world.rollout(id)).events).toContainEqual(
      expect.objectContaining({ kind: 'rolled back', namespaces: names }),
    );

    const twice = await post(world, `/api/rollouts/${id}/rollback`);
    expect(twice).toMatchObject({ status: 409, body: { state: 'completed' } });
    const named = await post(world, `/api/rollouts/${id}/rollback`, {
      ...JO,
      namespaces: ['team-1'],
      to: 'never-was',
    });
    expect(named.body.detail).toContain('no earlier verified release with version never-was is known');
    expect(
      await post(world, `/api/rollouts/${id}/rollback`, { ...JO, namespaces: ['nowhere'] }),
    ).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'namespaces' }] },
    });
  });

  test('rolls nothing back that has changed no release', async () => {
    world.channel.publish('stable', OLD);
    const { id } = await create(world, { namespaces: ['team-1'] });
    await inState(world, id, 'completed');

    expect(await post(world, `/api/rollouts/${id}/rollback`)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('has not changed its release') },
    });
    expect((await world.rollout(id)).targets[0]).not.toHaveProperty('previousVersion');
    world.channel.publish('stable', NEW);
  });

  test('cancels a running rollout by rolling it back', async () => {
    for (const name of ['team-1', 'team-2']) await post(world, `/api/namespaces/${name}/release`);
    world.fdds.misbehaviour.set('*', { kind: 'hang' }, { version: OLD });
    const { id } = await create(world, { namespaces: ['team-1', 'team-2'], strategy: ONE_BY_ONE });
    const running = await until(
      async () => (await world.rollout(id)).targets.find(({ state }) => state === 'running')?.namespace,
      'one is running',
    );
    await isRunning(world, id, running);

    const back = await post(world, `/api/rollouts/${id}/rollback`);
    world.fdds.misbehaviour.clear('*');

    expect(back.body.targets).toMatchObject([{ namespace: running }]);
    await inState(world, back.body.id, 'completed');
    expect((await world.rollout(id)).state).toBe('cancelled');
    expect(await versionsOf(world, ['team-1', 'team-2'])).toEqual([OLD, OLD]);
  });
});

describe('the list of rollouts', () => {
  const world = useWorld({ fdds: 'instant' }, async (opened) => {
    opened.channel.publish('stable', OLD);
    await opened.startApi();
    await opened.addNamespace('team-1');
  });

  test('is paged without gaps, and ends', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) ids.unshift((await world.deploy({ reason: `${count}` })).id);

    const listed: string[] = [];
    let query = '?limit=2';
    for (let pages = 0; query !== ''; pages += 1) {
      expect(pages).toBeLessThan(3);
      const { rollouts, next } = (await world.http(`/api/rollouts${query}`)).body;
      listed.push(...rollouts.map(({ id }: Rollout) => id));
      query = next === undefined ? '' : `?limit=2&before=${next}`;
    }

    expect([...listed].sort()).toEqual([...ids].sort());
    expect((await world.http('/api/rollouts?state=superseded')).body.rollouts).toHaveLength(4);
    expect(await world.http('/api/rollouts?before=nowhere')).toMatchObject({ status: 400 });
  });
});

describe('what release checks leave alone', () => {
  const world = useWorld({}, async (opened) => {
    opened.channel.publish('stable', OLD);
    const policy = await writeInto(
      opened,
      'progressive.yaml',
      'release: {type: Progressive, canary: 1, waves: [100%], minSuccessTime: 0s, maxConcurrency: 1, followBackwards: true}\n',
    );
    await opened.startStandalone({
      flags: {
        'rollout-policy': policy,
        'disable-autoupdate': false,
        'release-check-interval': 1,
        'max-attempts': 1,
      },
    });
  });
  let names: string[] = [];

  /** Waits until so many release checks have been made, each from its beginning. */
  async function checks(count: number): Promise<void> {
    const begun = () => world.channel.requests.get('/fiaas-deploy-daemon/stable.json') ?? 0;
    const before = begun();
    await until(() => begun() > before + count, `${count} release checks`);
  }

  async function latest(): Promise<Rollout> {
    return (await world.http('/api/rollouts?trigger=release&limit=1')).body.rollouts[0];
  }

  test('a cancelled release is ignored until it is released', async () => {
    names = await world.addNamespaces('team', 3);
    await haveVersion(world, names, OLD);
    for (const name of names) world.fdds.misbehaviour.set(name, { kind: 'crash-loop' }, { version: NEW });
    world.channel.publish('stable', NEW);
    const { id } = await until(async () => {
      const rollout = await latest();
      return rollout.state === 'paused' && rollout;
    }, 'the rollout is paused');

    await command(world, id, 'cancel');
    await checks(3);

    expect((await latest()).id).toBe(id);
    expect((await versionsOf(world, names)).filter((version) => version === NEW)).toHaveLength(1);
    expect((await world.http('/api/ignored-releases')).body.releases).toMatchObject([
      { version: NEW, rolloutId: id },
    ]);
    for (const name of names) world.fdds.misbehaviour.clear(name);
    expect((await post(world, `/api/ignored-releases/${NEW}/release`)).body).toEqual({ releases: [] });
    await haveVersion(world, names, NEW);
  });

  test('a rollback survives them, until its holds are released', async () => {
    const { id } = await until(async () => {
      const rollout = await latest();
      return rollout.state === 'completed' && rollout;
    }, 'the rollout is completed');

    const back = await post(world, `/api/rollouts/${id}/rollback`);
    expect(back.status).toBe(202);
    await inState(world, back.body.id, 'completed');
    const reached = back.body.targets
      .filter(({ state }: { state: string }) => state === 'pending')
      .map(({ namespace }: { namespace: string }) => namespace);
    await checks(3);

    expect(reached.length).toBeGreaterThan(1);
    expect(await versionsOf(world, reached)).toEqual(reached.map(() => OLD));
    for (const name of reached) {
      expect((await post(world, `/api/namespaces/${name}/release`)).body).toEqual({ namespace: name });
    }
    await haveVersion(world, names, NEW);
  });

  test('pins and holds keep a namespace where it is', async () => {
    const pin = await post(world, '/api/namespaces/team-1/pin');
    expect(pin).toMatchObject({ status: 200, body: { namespace: 'team-1', hold: { pin: NEW, ...JO } } });
    const hold = await post(world, '/api/namespaces/team-2/hold');
    expect(hold).toMatchObject({ status: 200, body: { namespace: 'team-2', hold: JO } });

    world.channel.publish('stable', OLD);
    await haveVersion(world, ['team-3'], OLD);
    await checks(3);

    expect(await versionsOf(world, names)).toEqual([NEW, NEW, OLD]);
    await post(world, '/api/namespaces/team-1/release');
    await post(world, '/api/namespaces/team-2/release');
    await haveVersion(world, names, OLD);
  });

  test('an ignored version is not rolled out, although no channel had it', async () => {
    expect(await post(world, '/api/ignored-releases', { ...JO, version: NEW })).toMatchObject({
      status: 200,
    });
    world.channel.publish('stable', NEW);
    await checks(3);

    expect(await versionsOf(world, names)).toEqual([OLD, OLD, OLD]);
  });
});
