import { afterEach, describe, expect, test } from '@jest/globals';
import '../../support/fake-one-realm.ts';
import request from 'supertest';
import { createApp } from '../../../api/app.ts';
import type { FleetView } from '../../../api/fleet-view/fleet-view.ts';
import { openFleetView } from '../../../api/fleet-view/open-fleet-view.ts';
import { countTargets, type RolloutTarget } from '../../../domain/rollout/rollout.ts';
import type { RolloutStatus } from '../../../domain/rollout/rollout-status.ts';
import { type Operator, RolloutConflictError } from '../../../shared/rollout-commands.ts';
import type { CountedRollout } from '../../../shared/state/rollouts.ts';
import { aRelease, aRollout, VERSION } from '../../support/builders.ts';
import { createFakeCore, silentFeed } from '../../support/fake-core.ts';

const views: FleetView[] = [];
afterEach(async () => {
  for (const view of views.splice(0)) await view.close();
});

function open(state: object = {}) {
  const fake = createFakeCore();
  const called: unknown[] = [];
  const note =
    (name: string) =>
    async (...given: unknown[]) => {
      called.push([name, ...given]);
      return { state: 'running', namespaces: ['team-a'], left: ['team-b'] };
    };
  const names = ['pause', 'resume', 'cancel', 'retry', 'skip', 'approve'];
  const rollBack = async (rollback: unknown) => {
    called.push(['rollBack', rollback]);
    return { rollout: aRollout({ id: 'r2' }), targets: new Map(), replayed: false };
  };
  Object.assign(fake.core, {
    commands: Object.fromEntries(names.map((name) => [name, note(name)])),
    rollBack,
  });
  Object.assign(fake.core.state, state);
  const view = openFleetView(fake.core, silentFeed);
  views.push(view);
  return { ...fake, called, app: createApp(fake.core, '1.2.3', view) };
}

type App = ReturnType<typeof open>['app'];

function post(app: App, path: string, body?: object) {
  return request(app).post(path).send(body);
}

const OPERATOR: Operator = { by: '127.0.0.1', trigger: 'api', from: '127.0.0.1', reason: 'why' };

describe('a command', () => {
  test.each([
    ['pause', {}, [OPERATOR], /^paused: nothing new is written/],
    ['resume', {}, [OPERATOR], /^resumed/],
    [
      'cancel',
      {},
      [OPERATOR],
      /^cancelled: 1 target ended; 1 target is being worked on: what is written there is still verified$/,
    ],
    [
      'retry',
      {},
      [OPERATOR, undefined],
      /^retried: 1 target; 1 target left: a newer rollout was requested there$/,
    ],
    ['retry', { namespaces: ['team-a'] }, [OPERATOR, ['team-a']], /^retried/],
    [
      'skip',
      { namespaces: ['team-a'] },
      [OPERATOR, ['team-a']],
      /^skipped: 1 target; 1 target is being worked on/,
    ],
    ['approve', {}, [OPERATOR], /^approved/],
  ])('%s with %j is carried out', async (name, body, given, message) => {
    for (const base of ['/api/rollouts', '/api/deployments']) {
      const { app, called } = open();

      const answer = await post(app, `${base}/r1/${name}`, { reason: ' why ', ...body });

      expect(answer.status).toBe(200);
      expect(called).toEqual([[name, 'r1', ...given]]);
      expect(answer.body).toEqual({
        id: 'r1',
        state: 'running',
        namespaces: ['team-a'],
        left: ['team-b'],
        message: expect.stringMatching(message),
      });
    }
  });

  test.each([
    ['pause', undefined, 'reason', 'is missing: say why'],
    ['pause', {}, 'reason', 'is missing: say why'],
    ['pause', { reason: 7 }, 'reason', 'must be a text: say why'],
    ['pause', { reason: '  ' }, 'reason', 'is empty: say why'],
    ['cancel', { reason: 'x'.repeat(501) }, 'reason', 'is longer than 500 characters: shorten it'],
    ['approve', { reason: 'x', namespaces: ['team-a'] }, 'namespaces', 'is unknown: see /api/openapi.json'],
    ['skip', { reason: 'x' }, 'namespaces', 'is missing: list the namespaces to skip'],
    ['skip', { reason: 'x', namespaces: [] }, 'namespaces', 'is empty: list the namespaces to skip'],
    ['retry', { reason: 'x', namespaces: 'team-a' }, 'namespaces', 'must be a list of namespaces'],
    ['rollback', { reason: 'x', to: 'a version' }, 'to', 'must be the version of a release, without spaces'],
    [
      'rollback',
      { reason: 'x', strategy: { type: 'Odd' } },
      'strategy.type',
      'must have the type All or Progressive',
    ],
  ])('%s with %j is refused', async (name, body, field, message) => {
    const { app, called } = open();

    const answer = await post(app, `/api/rollouts/r1/${name}`, body);

    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field, message }] } });
    expect(called).toEqual([]);
  });

  test('that does not fit is answered with the state of the rollout', async () => {
    const { app, core } = open();
    const error = new RolloutConflictError('completed', 'cannot pause a rollout that is completed');
    Object.assign(core.commands, { pause: () => Promise.reject(error) });

    const answer = await post(app, '/api/rollouts/r1/pause', { reason: 'why' });

    expect(answer).toMatchObject({ status: 409, type: 'application/problem+json' });
    expect(answer.body).toEqual({
      type: 'about:blank',
      title: 'Conflict',
      status: 409,
      code: 'rollout_conflict',
      detail: error.message,
      state: 'completed',
    });
  });

  test('rollback answers with the new rollout', async () => {
    const { app, called } = open();
    const body = { reason: 'why', to: VERSION, strategy: { type: 'All' }, namespaces: ['team-a'] };

    const answer = await post(app, '/api/rollouts/r1/rollback', body).set('x-skipper-client', 'cli');

    expect(answer).toMatchObject({ status: 202, body: { id: 'r2' } });
    expect(answer.headers.location).toBe('/api/rollouts/r2');
    const { reason: _, ...wanted } = body;
    expect(called).toEqual([
      ['rollBack', { id: 'r1', operator: { ...OPERATOR, trigger: 'cli' }, trigger: 'cli', ...wanted }],
    ]);
  });
});

describe('POST /api/rollouts', () => {
  test('is POST /api/deploy, with a strategy and a reason', async () => {
    const { app, requested } = open();

    const answer = await post(app, '/api/rollouts', {
      reason: 'why',
      strategy: { type: 'Progressive', canary: 2 },
    });

    expect(answer.status).toBe(202);
    expect(requested).toMatchObject([
      { trigger: 'api', reason: 'why', strategy: { type: 'Progressive', canary: 2, minSuccessTime: '60s' } },
    ]);
  });

  test('has the trigger of the command line if that makes the request', async () => {
    const { app, requested } = open();

    await post(app, '/api/deploy').set('x-skipper-client', 'cli');

    expect(requested).toMatchObject([{ trigger: 'cli' }]);
  });
});

describe('GET /api/rollouts', () => {
  /** Newest first: r9 to r1, odd ones failed. */
  const STORED = [9, 8, 7, 6, 5, 4, 3, 2, 1].map((count): CountedRollout => {
    const target: RolloutTarget = { state: count % 2 === 1 ? 'failed' : 'completed' };
    const rollout = aRollout({
      id: `r${count}`,
      trigger: count < 5 ? 'release' : 'api',
      requestedBy: `jo-${count}`,
    });
    return { rollout, counts: countTargets([target]) };
  });

  async function rolloutPage(limit: number, before?: string) {
    const place = STORED.findIndex(({ rollout }) => rollout.id === before);
    if (before !== undefined && place < 0) return undefined;
    const rollouts = STORED.slice(place + 1, place + 1 + limit);
    return { rollouts, last: rollouts.length === limit ? rollouts.at(-1)?.rollout.id : undefined };
  }

  async function list(query: string) {
    const { app } = open({ rolloutPage });
    const { body } = await request(app).get(`/api/rollouts?${query}`);
    return { ids: body.rollouts.map(({ id }: { id: string }) => id).join(' '), next: body.next };
  }

  test.each([
    ['', 'r9 r8 r7 r6 r5 r4 r3 r2 r1', undefined],
    ['limit=4', 'r9 r8 r7 r6', 'r6'],
    ['limit=4&before=r6', 'r5 r4 r3 r2', 'r2'],
    ['limit=4&before=r2', 'r1', undefined],
    ['limit=9', 'r9 r8 r7 r6 r5 r4 r3 r2 r1', 'r1'],
    ['state=failed', 'r9 r7 r5 r3 r1', undefined],
    ['state=failed&limit=2', 'r9 r7', 'r7'],
    ['state=failed&limit=2&before=r5', 'r3 r1', undefined],
    ['trigger=release&state=completed', 'r4 r2', undefined],
    ['requestedBy=jo-3', 'r3', undefined],
    ['state=paused', '', undefined],
  ])('with ?%s lists %s', async (query, ids, next) => {
    expect(await list(query)).toEqual({ ids, next });
  });

  test.each([
    ['limit=0', 'limit'],
    ['limit=501', 'limit'],
    ['limit=x', 'limit'],
    ['state=odd', 'state'],
    ['state=failed&state=paused', 'state'],
    ['trigger=odd', 'trigger'],
    ['before=r99', 'before'],
  ])('refuses ?%s', async (query, field) => {
    const { app } = open({ rolloutPage });

    const answer = await request(app).get(`/api/rollouts?${query}`);

    expect(answer).toMatchObject({ status: 400, body: { code: 'bad_request', errors: [{ field }] } });
  });
});

test('GET /api/rollouts/:id has waves, timeline and plans, and pages its targets', async () => {
  const targets = new Map<string, RolloutTarget>(
    ['a', 'b', 'c', 'd'].map((name) => [name, { state: name === 'b' ? 'failed' : 'completed' }]),
  );
  const wave = { size: 4, isCanary: false, maxFailures: 1 };
  const strategy = {
    type: 'Progressive',
    waves: [wave],
    maxConcurrency: 5,
    maxFailures: 1,
    minSuccessMs: 0,
  } as const;
  const status: RolloutStatus = {
    state: 'completed',
    reason: 'all targets have ended',
    because: 'it has ended',
    changedAt: 5,
    endedAt: 5,
    failures: [],
    revision: 1,
    seq: 4,
  };
  const plan = { wave: 0, order: 2, because: 'the last wave', release: 'new', version: VERSION, channel: '' };
  const event = { at: 1, kind: 'created', state: 'pending', by: 'jo', reason: '' };
  const { app } = open({
    rollout: async () => ({
      rollout: aRollout({ strategy: { ...strategy, approval: false } }),
      status,
      targets,
    }),
    rolloutPlans: async () =>
      new Map([...targets.keys()].map((name) => [name, { ...plan, admittedAt: 3, previous: 'old' }])),
    rolloutEvents: async () => [event],
    release: async (key: string) => (key === 'old' ? aRelease({ version: 'v0' }) : undefined),
  });

  const whole = (await request(app).get('/api/rollouts/r1')).body;
  const page = (await request(app).get('/api/rollouts/r1?limit=1&offset=1&state=completed')).body;

  expect(whole).toMatchObject({
    state: 'completed',
    stateReason: 'all targets have ended',
    waves: [{ size: 4, counts: { completed: 3, failed: 1 } }],
    events: [event],
    targets: [{ namespace: 'a' }, { namespace: 'b' }, { namespace: 'c' }, { namespace: 'd' }],
  });
  expect(page.counts).toEqual(whole.counts);
  expect(page.targets).toEqual([
    expect.objectContaining({
      namespace: 'c',
      wave: 0,
      order: 2,
      because: 'the last wave',
      admittedAt: 3,
      previousVersion: 'v0',
    }),
  ]);
  expect((await request(app).get('/api/rollouts/r1?offset=-1')).status).toBe(400);
});

describe('a hold', () => {
  function held() {
    const done: unknown[] = [];
    const opened = open({
      hold: async (namespaces: readonly string[], hold: object) => done.push(['hold', namespaces, hold]),
      endHold: async (namespaces: readonly string[]) => {
        done.push(['endHold', namespaces]);
        return namespaces[0] === 'gone' ? 1 : 0;
      },
      verifiedReleases: async () => new Map([['team-a', ['key', 'older']]]),
      release: async (key: string) => (key === 'key' ? aRelease() : undefined),
    });
    Object.assign(opened.core, { client: { get: async () => undefined } });
    return { ...opened, done };
  }
  const hold = { reason: 'why', by: '127.0.0.1', at: expect.any(Number) };

  test.each([
    ['hold', 'team-a', {}, hold],
    ['pin', 'team-a', {}, { ...hold, pin: VERSION }],
    ['pin', 'team-b', {}, { ...hold, pin: VERSION }],
    ['pin', 'team-a', { version: 'v1' }, { ...hold, pin: 'v1' }],
  ])('%s of %s with %j', async (command, namespace, body, expected) => {
    const { app, done } = held();

    const answer = await post(app, `/api/namespaces/${namespace}/${command}`, { reason: 'why', ...body });

    expect(answer).toMatchObject({ status: 200, body: { namespace, hold: expected } });
    expect(done).toEqual([['hold', [namespace], expected]]);
  });

  test('ends, also if its namespace has left the fleet', async () => {
    for (const namespace of ['team-a', 'gone']) {
      const answer = await post(held().app, `/api/namespaces/${namespace}/release`, { reason: 'why' });
      expect({ status: answer.status, body: answer.body }).toEqual({ status: 200, body: { namespace } });
    }
  });

  test.each(['hold', 'pin', 'release'])('%s of an unknown namespace is not found', async (command) => {
    expect((await post(held().app, `/api/namespaces/nowhere/${command}`, { reason: 'why' })).status).toBe(
      404,
    );
  });

  test('needs a reason', async () => {
    for (const path of [
      'namespaces/team-a/hold',
      'namespaces/team-a/release',
      'ignored-releases/v1/release',
    ]) {
      expect((await post(held().app, `/api/${path}`)).body).toMatchObject({ errors: [{ field: 'reason' }] });
    }
    expect((await post(held().app, '/api/ignored-releases', { reason: 'why' })).body).toMatchObject({
      errors: [{ field: 'version' }],
    });
  });
});
