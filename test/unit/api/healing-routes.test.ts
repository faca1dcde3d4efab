import { afterEach, describe, expect, test } from '@jest/globals';
import '../../support/fake-one-realm.ts';
import request from 'supertest';
import { createApp } from '../../../api/app.ts';
import type { FleetView } from '../../../api/fleet-view/fleet-view.ts';
import { openFleetView } from '../../../api/fleet-view/open-fleet-view.ts';
import { SkipperError } from '../../../domain/errors.ts';
import type { NamespaceHealing, Quarantine } from '../../../domain/heal/healing.ts';
import { RULES } from '../../../domain/heal/rule.ts';
import { createFakeCore, silentFeed } from '../../support/fake-core.ts';
import { aFinding, aHealing, aStatus } from '../../support/healing-builders.ts';

const views: FleetView[] = [];
afterEach(async () => {
  for (const view of views.splice(0)) await view.close();
});

const QUARANTINE: Quarantine = {
  since: 7,
  rule: 'image-pull',
  reason: 'nothing helped',
  evidence: 'ErrImagePull',
  cause: 'abc',
};

const STORED = new Map<string, NamespaceHealing>([
  ['team-a', aHealing()],
  ['team-b', aHealing({ state: 'quarantined', quarantine: QUARANTINE, findings: [aFinding('image-pull')] })],
]);

function open(stored: ReadonlyMap<string, NamespaceHealing> = STORED, status = aStatus()) {
  const { core } = createFakeCore();
  Object.assign(core.state, {
    healing: async () => stored,
    healingOf: async (namespace: string) => stored.get(namespace),
    healingStatus: async () => ({ ...status, checkedAt: Date.now() }),
  });
  const view = openFleetView(core, silentFeed);
  views.push(view);
  return { core, app: createApp(core, '1.2.3', view) };
}

describe('GET /api/healing', () => {
  test('answers with the latest pass and the namespaces, worst first', async () => {
    const { body } = await request(open().app).get('/api/healing').expect(200);

    expect(body).toMatchObject({ isStale: false, total: 2, states: { waiting: 1, quarantined: 1 } });
    expect(body.status).toMatchObject({ mode: 'on', cap: { limit: 20, used: 3 } });
    expect(body.namespaces.map(({ namespace }: { namespace: string }) => namespace)).toEqual([
      'team-b',
      'team-a',
    ]);
    expect(body.namespaces[1]).toEqual({ namespace: 'team-a', ...aHealing() });
    expect(body.next).toBeUndefined();
  });

  test.each([
    ['state=quarantined', ['team-b']],
    ['rule=crash-loop', ['team-a']],
    ['namespace=m-a', ['team-a']],
    ['limit=1', ['team-b']],
    ['limit=1&cursor=quarantined/team-b', ['team-a']],
  ])('shows only ?%s', async (query, names) => {
    const { body } = await request(open().app).get(`/api/healing?${query}`).expect(200);

    expect(body.namespaces.map(({ namespace }: { namespace: string }) => namespace)).toEqual(names);
  });

  test.each([
    ['state=ill', 'state must be one of'],
    ['rule=none', 'rule must be one of'],
    ['limit=0', 'limit must be a whole number from 1 to 1000'],
    ['cursor=team-a', 'cursor must be `next` of the page before'],
    ['namespace=a&namespace=b', 'namespace must be given once'],
  ])('refuses ?%s', async (query, detail) => {
    const { body } = await request(open().app).get(`/api/healing?${query}`).expect(400);

    expect(body.detail).toContain(detail);
  });

  test('says so if no pass is known', async () => {
    const { app, core } = open(new Map());
    Object.assign(core.state, { healingStatus: async () => undefined });

    const { body } = await request(app).get('/api/healing').expect(200);

    expect(body).toEqual({ status: null, isStale: true, states: {}, namespaces: [], total: 0 });
  });
});

describe('GET /api/quarantine', () => {
  test('lists what healing has given up', async () => {
    const { body } = await request(open().app).get('/api/quarantine').expect(200);

    expect(body).toEqual({ namespaces: [{ namespace: 'team-b', ...QUARANTINE, steps: [] }] });
  });
});

describe('GET /api/namespaces/:namespace', () => {
  test('has the state of every rule', async () => {
    const { body } = await request(open().app).get('/api/namespaces/team-a').expect(200);

    expect(body.healing).toMatchObject({ mode: 'on', isStale: false, healing: { state: 'waiting' } });
    expect(body.healing.rules).toHaveLength(RULES.length);
    expect(body.healing.rules).toContainEqual({ rule: 'crash-loop', state: 'holds', ...seen() });
    expect(body.healing.rules).toContainEqual({ rule: 'deaf', state: 'ok' });
  });

  test('does not claim to know those that were not judged', async () => {
    const { app, core } = open();
    const record = { generation: 2, handled: 1, phase: 'planning', lastFailure: '' };
    Object.assign(core.state, { record: async () => record });

    const { body } = await request(app).get('/api/namespaces/team-a').expect(200);

    expect(body.healing.rules).toContainEqual({ rule: 'oom', state: 'ok' });
    expect(body.healing.rules).toContainEqual({
      rule: 'unavailable',
      state: 'unknown',
      reason: 'not judged: a request is under way, or has just ended',
    });
  });

  test('does not know them while Redis is unreachable', async () => {
    const { app, core } = open();
    Object.assign(core.state, {
      healingOf: () => Promise.reject(new SkipperError('redis_unavailable', 'Redis does not answer')),
    });

    const { body } = await request(app).get('/api/namespaces/team-a').expect(200);

    expect(body.healing.isStale).toBe(true);
    expect(body.healing.rules).toContainEqual({
      rule: 'oom',
      state: 'unknown',
      reason: 'Redis does not answer',
    });
  });
});

function seen() {
  const { since, evidence } = aFinding('crash-loop');
  return { since, evidence };
}

describe('a command', () => {
  const OPERATOR = { by: '127.0.0.1', from: '127.0.0.1', trigger: 'cli', reason: 'OPS-17' };

  test.each([
    ['stop', '/api/healing/stop', {}, OPERATOR],
    ['resume', '/api/healing/resume', {}, OPERATOR],
    [
      'release',
      '/api/quarantine/release',
      { namespaces: ['team-b'] },
      { ...OPERATOR, namespaces: ['team-b'] },
    ],
  ])('%s is carried out with who, how and why', async (name, path, body, given) => {
    const { app, core } = open();
    const called: unknown[] = [];
    const answer = name === 'release' ? { released: ['team-b'], unknown: [] } : { status: aStatus() };
    Object.assign(core.healing, {
      [name]: async (command: unknown) => {
        called.push(command);
        return answer;
      },
    });

    const response = await request(app)
      .post(path)
      .set('x-skipper-client', 'cli')
      .send({ reason: ' OPS-17 ', ...body })
      .expect(200);

    expect(called).toEqual([given]);
    expect(response.body).toEqual(answer);
  });

  test.each([
    ['/api/healing/stop', {}, 'reason is missing: say why'],
    ['/api/healing/resume', { reason: ' ' }, 'reason is empty: say why'],
    ['/api/quarantine/release', { reason: 'x' }, 'namespaces is missing: list the namespaces to release'],
    ['/api/quarantine/release', { reason: 'x', namespaces: [] }, 'namespaces is empty'],
  ])('%s with %j is refused', async (path, body, detail) => {
    const response = await request(open().app).post(path).send(body).expect(400);

    expect(response.body.detail).toContain(detail);
  });

  test('can be repeated if others change healing all the time', async () => {
    const { app, core } = open();
    Object.assign(core.healing, {
      stop: () =>
        Promise.reject(new SkipperError('conflict', 'healing changes too quickly: repeat the command')),
    });

    const { body } = await request(app).post('/api/healing/stop').send({ reason: 'x' }).expect(503);

    expect(body.detail).toBe('healing changes too quickly: repeat the command');
  });
});
