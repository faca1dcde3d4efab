import { describe, expect, test } from '@jest/globals';
import express, { type RequestHandler } from 'express';
import request from 'supertest';
import { mountBoard } from '../../../../api/board/mount-board.ts';
import { securityHeaders } from '../../../../api/guards.ts';
import { HttpProblem } from '../../../../api/problem.ts';
import { SkipperError } from '../../../../domain/errors.ts';
import type { FleetRow } from '../../../../domain/fleet/fleet-row.ts';
import type { Core } from '../../../../shared/core.ts';
import { createFakeCore, type FakeCoreOptions } from '../../../support/fake-core.ts';
import { aFleetRow } from './fleet-rows.ts';

const FLEET = '/queues/api/queues/fleet';
const pass: RequestHandler = (_request, _response, next) => next();

interface Opened extends FakeCoreOptions {
  readonly rows?: readonly FleetRow[];
  readonly authorize?: RequestHandler;
  readonly redis?: 'ready' | 'end';
}

function open({ rows = [], authorize = pass, redis = 'ready', ...options }: Opened = {}) {
  const fake = createFakeCore({
    namespaces: Object.fromEntries(rows.map(({ namespace }) => [namespace, {}])),
    ...options,
  });
  const core: Core = { ...fake.core, redis: { status: redis } as Core['redis'] };
  const view = { rows: () => rows, row: (name: string) => rows.find(({ namespace }) => namespace === name) };
  const shared = { core, view, assetUrl: () => '/assets/logo-1.svg' };
  const app = express();
  app.use(securityHeaders);
  app.use('/queues', mountBoard({ ...shared, path: '/queues', authorize }));
  app.use('/view/queues', mountBoard({ ...shared, path: '/view/queues' }));
  return { app, requested: fake.requested };
}

function many(count: number, fields: Partial<FleetRow> = {}): FleetRow[] {
  return Array.from({ length: count }, (_, index) =>
    aFleetRow({ namespace: `team-${String(index).padStart(4, '0')}`, ...fields }),
  );
}

describe('the fleet queue', () => {
  async function page(app: express.Express, query: string) {
    const { body } = await request(app).get(`/queues/api/queues?activeQueue=fleet&${query}`);
    return body.queues.find(({ name }: { name: string }) => name === 'fleet');
  }

  test('is shown with its counts and one page, also while Redis is down', async () => {
    const { app } = open({ rows: [...many(25, { health: 'degraded', cause: 'no quota' })], redis: 'end' });

    const queue = await page(app, 'status=failed&page=3&jobsPerPage=10');

    expect(queue.counts).toMatchObject({ failed: 25, completed: 0 });
    expect(queue.pagination.pageCount).toBe(3);
    expect(queue.jobs.map(({ id }: { id: string }) => id)).toEqual([
      'team-0020',
      'team-0021',
      'team-0022',
      'team-0023',
      'team-0024',
    ]);
    expect(queue.jobs[0]).toMatchObject({
      isFailed: true,
      failedReason: 'no quota',
      externalUrl: { href: '/status/team-0020', displayText: 'OK · stable · v1' },
    });
  });

  test('returns one namespace and the reasons for its state', async () => {
    const { app } = open({ rows: [aFleetRow({ namespace: 'team-a' })] });

    const { body } = await request(app).get(`${FLEET}/team-a`);
    const logs = await request(app).get(`${FLEET}/team-a/logs`);
    const flow = await request(app).get(`${FLEET}/team-a/flow`);
    const missing = await request(app).get(`${FLEET}/team-z`);

    expect(body).toMatchObject({ status: 'completed', job: { id: 'team-a', data: { channel: 'stable' } } });
    expect(logs.body).toEqual(['OK: runs v1', 'channel stable']);
    expect(flow.body).toMatchObject({ isFlowNode: false });
    expect(missing.status).toBe(404);
  });

  test.each([
    ['Retry', 'put', `${FLEET}/team-a/retry`, 'degraded'],
    ['Promote', 'put', `${FLEET}/team-a/promote`, 'outdated'],
    ['Promote all', 'put', `${FLEET}/promote`, 'outdated'],
    ['Retry all', 'put', `${FLEET}/retry/failed`, 'degraded'],
    ['Add', 'post', `${FLEET}/add`, 'healthy'],
  ] as const)('%s deploys through the service', async (_name, method, path, health) => {
    const { app, requested } = open({ rows: [aFleetRow({ namespace: 'team-a', health })] });

    const { status } = await request(app)
      [method](path)
      .send({ name: '', data: { namespace: 'team-a' } });

    expect(status).toBeLessThan(300);
    expect(requested).toEqual([
      {
        namespaces: ['team-a'],
        forceBootstrap: false,
        trigger: 'board',
        requestedBy: 'board',
        sameRelease: false,
      },
    ]);
  });

  test('Retry all deploys all failed namespaces in one rollout, and no others', async () => {
    const failing = many(150, { health: 'degraded' });
    const { app, requested } = open({ rows: [...failing, aFleetRow({ namespace: 'healthy' })] });

    const { body } = await request(app).put(`${FLEET}/retry/failed`);

    expect(body).toEqual({ retried: 150, skipped: 0 });
    expect(requested).toHaveLength(1);
    expect(requested[0]?.namespaces).toEqual(failing.map(({ namespace }) => namespace));
  });

  test('Retry all is refused if no namespace is failing', async () => {
    const { app, requested } = open({ rows: many(2) });

    const { status, body } = await request(app).put(`${FLEET}/retry/failed`);

    expect(status).toBe(409);
    expect(body.message).toBe('no namespace is in the state "failed" any more');
    expect(requested).toEqual([]);
  });

  test.each([{}, { namespace: 7 }, { namespace: '' }, null])('Add with %j is refused', async (data) => {
    const { app, requested } = open({ rows: many(1) });

    const { status, body } = await request(app).post(`${FLEET}/add`).send({ name: '', data });

    expect(status).toBe(400);
    expect(body.message).toContain('"namespace"');
    expect(requested).toEqual([]);
  });

  test('an error of the service is shown with its own message', async () => {
    const failure = new SkipperError('cluster_unavailable', 'the state of the cluster has not been read yet');
    const { app } = open({ rows: many(1, { health: 'degraded' }), failure });

    const { status, body } = await request(app).put(`${FLEET}/team-0000/retry`);

    expect(status).toBe(503);
    expect(body).toEqual({
      error: 'Service unavailable',
      message: 'the state of the cluster has not been read yet',
    });
  });
});

describe('the board refuses', () => {
  test.each([
    ['put', 'fleet/team-0000/clean'],
    ['put', 'fleet/clean/failed'],
    ['put', 'fleet/pause'],
    ['put', 'fleet/empty'],
    ['put', 'fleet/obliterate'],
    ['put', 'deploy/empty'],
    ['put', 'deploy/obliterate'],
    ['put', 'deploy/clean/delayed'],
    ['put', 'deploy/concurrency'],
    ['put', 'release-check/pause'],
    ['put', 'release-check/retry/failed'],
    ['put', 'release-check/job-schedulers/repair/remove'],
  ] as const)('%s %s, with 409 and a message that the board shows', async (method, path) => {
    const { app } = open({ rows: many(1) });

    const { status, body } = await request(app)
      [method](`/queues/api/queues/${path}`)
      .send({ concurrency: 1 });

    expect(status).toBe(409);
    expect(body.error).toBeTruthy();
    expect(body.message.length).toBeGreaterThan(20);
  });

  test('an action that needs Redis while it is down, with 503', async () => {
    const { app } = open({ redis: 'end' });

    const { status, body } = await request(app).put('/queues/api/queues/deploy/pause');

    expect(status).toBe(503);
    expect(body.message).toContain('Redis');
  });

  test('a request without token, with a message that the board shows', async () => {
    const { app, requested } = open({
      rows: many(1),
      authorize: () => {
        throw new HttpProblem(401, 'unauthenticated', 'a token is required');
      },
    });

    const { status, body } = await request(app).put(`${FLEET}/team-0000/retry`);

    expect(status).toBe(401);
    expect(body).toMatchObject({ error: 'Not authenticated', message: 'a token is required' });
    expect(requested).toEqual([]);
  });
});

describe('the board for viewers', () => {
  test('shows the same, read-only', async () => {
    const { app } = open({ rows: many(3), redis: 'end' });

    const { body } = await request(app).get('/view/queues/api/queues?activeQueue=fleet');
    const { text } = await request(app).get('/view/queues');

    expect(body.queues).toMatchObject([{ name: 'fleet', readOnlyMode: true, counts: { completed: 3 } }]);
    expect(text).toContain('<base href="/view/queues/" />');
  });

  test.each([
    ['put', 'queues/fleet/team-0000/retry'],
    ['put', 'queues/fleet/retry/failed'],
    ['post', 'queues/fleet/add'],
    ['put', 'queues/pause'],
    ['patch', 'queues/deploy/team-0000.1/update-data'],
    ['put', 'anything'],
  ] as const)('refuses %s %s, even with the token', async (method, path) => {
    const { app, requested } = open({ rows: many(1, { health: 'degraded' }) });

    const { status, body } = await request(app)
      [method](`/view/queues/api/${path}`)
      .set('authorization', 'Bearer s3cret')
      .send({ data: { namespace: 'team-0000' } });

    expect(status).toBe(405);
    expect(body.message).toContain('read-only');
    expect(requested).toEqual([]);
  });
});

describe('the badge', () => {
  test.each([
    ['/queues', undefined, undefined],
    ['/queues', 'staging', 'staging'],
    ['/view/queues', undefined, 'Read-only'],
    ['/view/queues', 'staging', 'staging · Read-only'],
  ])('of %s with environment label %j is %j', async (path, environmentLabel, label) => {
    const { app } = open({ flags: { environmentLabel } });

    const { text } = await request(app).get(path);

    const [, config = ''] = /id="__UI_CONFIG__" type="application\/json">(.*?)<\/script>/s.exec(text) ?? [];
    expect(JSON.parse(config).environment?.label).toBe(label);
  });
});

describe('the entry page', () => {
  test.each(['/queues', '/queues/queue/fleet', '/queues/queue/fleet/team-a', '/view/queues/queue/deploy'])(
    '%s loads nothing from other hosts, and links to the fleet page',
    async (path) => {
      const { app } = open();

      const { text, headers } = await request(app).get(path);

      expect(text).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
      expect(text).toContain('href="/status"');
      expect(text).toContain('<title>Skipper');
      expect(text).toContain('/assets/logo-1.svg');
      expect(text.match(/<script(?![^>]*(src|type="application\/json"))/g)).toBeNull();
      expect(headers['content-security-policy']).toContain("script-src 'self'");
    },
  );
});
