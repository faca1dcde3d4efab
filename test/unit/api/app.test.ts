import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import '../../support/fake-one-realm.ts';
import request from 'supertest';
import { createApp } from '../../../api/app.ts';
import type { FleetView } from '../../../api/fleet-view/fleet-view.ts';
import { openFleetView } from '../../../api/fleet-view/open-fleet-view.ts';
import type { NamespaceSnapshot } from '../../../domain/cluster/observed.ts';
import { SkipperError } from '../../../domain/errors.ts';
import { invalid } from '../../../domain/release/result.ts';
import type { DeployCommand } from '../../../shared/deploy-service.ts';
import { aDeployment, anApplication, aRollout, aStatus, VERSION } from '../../support/builders.ts';
import { aBootstrap, anAttempt } from '../../support/details-builders.ts';
import { createFakeCore, type FakeCoreOptions, silentFeed } from '../../support/fake-core.ts';
import { until } from '../../support/until.ts';

const JSON_TYPE = 'application/json';

const views: FleetView[] = [];
afterEach(async () => {
  for (const view of views.splice(0)) await view.close();
});

function open(options: FakeCoreOptions = {}) {
  const fake = createFakeCore(options);
  const view = openFleetView(fake.core, silentFeed);
  views.push(view);
  return { ...fake, app: createApp(fake.core, '1.2.3', view) };
}

function deploy(app: ReturnType<typeof open>['app'], body: string, type = JSON_TYPE) {
  return request(app).post('/api/deploy').set('content-type', type).send(body);
}

describe('with a token', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'skipper-app-')), 'token');
  writeFileSync(file, 's3cret');
  const flags = { authTokenFile: file };
  const SECRETS = /Canary/;
  const attempt = anAttempt({ details: ['Canary of FDD'] });

  function guarded() {
    const report = { result: 'RUNNING' as const, logs: ['Canary of a status'] };
    const snapshot: Partial<NamespaceSnapshot> = {
      application: anApplication({ config: { value: 'Canary of the fiaas.yml' }, status: report }),
      deployment: aDeployment({ environment: { PASSWORD: 'Canary of the environment' } }),
      statuses: [aStatus(report)],
    };
    const opened = open({ namespaces: { 'team-a': snapshot }, flags });
    const rollout = {
      rollout: aRollout(),
      targets: new Map([
        ['team-a', { state: 'failed', reason: 'it failed', details: ['Canary of a target'] }],
      ]),
    };
    Object.assign(opened.core.state, {
      history: async () => ({
        attempts: [attempt],
        bootstrap: aBootstrap({ log: 'Canary', events: ['Canary'] }),
      }),
      rollout: async () => rollout,
    });
    return opened.app;
  }
  const NAMESPACE_URL = '/api/namespaces/team-a';

  test.each([NAMESPACE_URL, '/api/rollouts/r1', '/status/team-a'])(
    'GET %s shows states and reasons without it, but no log, environment or configuration',
    async (path) => {
      const app = guarded();

      const without = await request(app).get(path);
      const wrong = await request(app).get(path).set('authorization', 'Bearer wrong');
      const withToken = await request(app).get(path).set('authorization', 'Bearer s3cret');

      expect([without.status, wrong.status, withToken.status]).toEqual([200, 200, 200]);
      expect(without.text).toContain(path.includes('rollouts') ? 'it failed' : attempt.reason);
      expect(without.text).not.toMatch(SECRETS);
      expect(wrong.text).not.toMatch(SECRETS);
      expect(withToken.text).toMatch(SECRETS);
    },
  );

  test('GET of the objects is refused without it, by GET and by HEAD', async () => {
    const app = guarded();

    const path = `${NAMESPACE_URL}/objects`;
    expect((await request(app).get(path)).body).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect((await request(app).head(path)).status).toBe(401);
    expect((await request(app).get(path).set('authorization', 'Bearer wrong')).status).toBe(401);
    expect((await request(app).get(path).set('authorization', 'Bearer s3cret')).status).not.toBe(401);
  });

  test.each(['/queues', '/view/queues'])('the log of a job on %s is refused without it', async (board) => {
    const app = guarded();

    const path = `${board}/api/queues/deploy/team-a.1/logs`;
    expect((await request(app).get(path)).status).toBe(401);
    expect((await request(app).get(path).set('authorization', 'Bearer s3cret')).status).not.toBe(401);
  });

  test('the fleet is read without it', async () => {
    const app = guarded();

    for (const path of ['/api/fleet', '/api/status', '/status', '/api/releases', '/api/openapi.json']) {
      expect({ path, status: (await request(app).get(path)).status }).toEqual({ path, status: 200 });
    }
  });
});

test('--public-url refuses other hosts, but answers health and metrics on any', async () => {
  const { app } = open({ flags: { publicUrl: 'https://skipper.example.com' } });
  const get = (path: string, host: string) => request(app).get(path).set('host', host);

  expect((await get('/api/fleet', 'skipper.example.com')).status).toBe(200);
  for (const path of ['/api/fleet', '/status', '/queues/', '/nowhere']) {
    expect({ path, status: (await get(path, 'evil.example.com')).status }).toEqual({ path, status: 421 });
  }
  for (const path of ['/healthz', '/readyz', '/_/metrics']) {
    expect((await get(path, '10.0.0.7:5000')).status).not.toBe(421);
  }
});

describe('many requests at once', () => {
  test('two deploys are worked on, 62 wait, and others are refused until there is room', async () => {
    const { app, core } = open();
    const ends: (() => void)[] = [];
    let running = 0;
    let most = 0;
    const { request: accept } = core.service;
    Object.assign(core.service, {
      request: async (command: DeployCommand) => {
        running += 1;
        most = Math.max(most, running);
        await new Promise<void>((resolve) => ends.push(resolve));
        running -= 1;
        return accept(command);
      },
    });
    const server = app.listen(0);
    const statuses: number[] = [];
    const asked = Array.from({ length: 80 }, () =>
      request(server)
        .post('/api/deploy')
        .then((response) => {
          statuses.push(response.status);
          return response;
        }),
    );
    await until(() => statuses.length === 16 && ends.length === 2, 'sixteen are refused, two run');
    for (let ended = 0; ended < 64; ended += 1) {
      await until(() => ends.length > 0, 'the next runs');
      ends.shift()?.();
    }
    const responses = await Promise.all(asked);
    server.close();

    expect(most).toBe(2);
    expect(statuses.filter((status) => status === 202)).toHaveLength(64);
    const refused = responses.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(16);
    expect(refused[0]?.headers['retry-after']).toBe('2');
    expect(refused[0]?.body).toMatchObject({ code: 'too_many_requests', title: 'Too many requests' });
  });

  test('a body that is too large, or never comes, keeps no place', async () => {
    const { app } = open();
    for (let count = 0; count < 20; count += 1) {
      expect((await deploy(app, `{"namespaces":["${'a'.repeat(3_000_000)}"]}`)).status).toBe(413);
    }
    expect((await request(app).post('/api/deploy')).status).toBe(202);
  });

  test.each(['/api/status', '/api/fleet'])(
    'GET %s reads nothing twice while nothing changes',
    async (path) => {
      const { app, core } = open();
      let first = '';
      await until(async () => {
        const before = first;
        first = (await request(app).get(path)).text;
        return first === before;
      }, 'everything is read');
      let read = 0;
      const { snapshot } = core.cluster;
      Object.assign(core.cluster, {
        snapshot: (namespace: string) => {
          read += 1;
          return snapshot(namespace);
        },
      });

      const answers = await Promise.all(Array.from({ length: 10 }, () => request(app).get(path)));

      expect(read).toBe(0);
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
      expect(answers[0]?.headers['content-type']).toContain('application/json');
    },
  );
});

describe('POST /api/deploy', () => {
  test('acceptance 14: an empty body means all namespaces', async () => {
    const { app, requested } = open();

    const response = await request(app).post('/api/deploy');

    expect(response.status).toBe(202);
    expect(requested).toMatchObject([{ namespaces: undefined, forceBootstrap: false, trigger: 'api' }]);
    expect(response.body).toMatchObject({
      id: 'rollout-1',
      targets: [{ namespace: 'team-a' }, { namespace: 'team-b' }],
    });
    expect(response.headers.location).toBe('/api/rollouts/rollout-1');
  });

  test.each([
    ['an empty object', '{}'],
    ['white space', ' \n'],
  ])('acceptance 14: %s means all namespaces', async (_what, body) => {
    const { app, requested } = open();

    await deploy(app, body);

    expect(requested).toMatchObject([{ namespaces: undefined }]);
  });

  test('reports the first 20 errors of a body, and rejects a body with more than 20,000 values', async () => {
    const { app, requested } = open();
    const many = (count: number) => `{"namespaces": [${Array(count).fill('1')}]}`;

    const wrong = await deploy(app, many(10_000));
    const endless = await deploy(app, many(30_000));

    expect(wrong.body.errors).toHaveLength(20);
    expect(endless).toMatchObject({ status: 400, body: { detail: expect.stringMatching(/20000 values/) } });
    expect(requested).toEqual([]);
  });

  test('deploys the named namespaces', async () => {
    const { app, requested } = open();

    const response = await deploy(app, '{"namespaces":["team-b"]}', 'application/json; charset=utf-8');

    expect(response.status).toBe(202);
    expect(requested).toMatchObject([{ namespaces: ['team-b'] }]);
    expect(response.body.targets).toEqual([
      expect.objectContaining({
        namespace: 'team-b',
        state: 'pending',
        jobId: 'team-b.1',
        links: { namespace: '/api/namespaces/team-b', job: '/queues/queue/deploy/team-b.1' },
      }),
    ]);
  });

  test.each([
    ['{"force_bootstrap":true}', true],
    ['{"force-bootstrap":true}', true],
    ['{"force_bootstrap":true,"force-bootstrap":true}', true],
    ['{"force-bootstrap":false}', false],
    ['{}', false],
  ])('acceptance 15: the body %s sets force to %s', async (body, forced) => {
    const { app, requested } = open();

    await deploy(app, body);

    expect(requested).toMatchObject([{ forceBootstrap: forced }]);
  });

  test.each([
    ['an empty list', '{"namespaces":[]}', 'namespaces'],
    ['a text instead of a list', '{"namespaces":"team-a"}', 'namespaces'],
    ['null', '{"namespaces":null}', 'namespaces'],
    ['a number in the list', '{"namespaces":[1]}', 'namespaces.0'],
    ['an invalid name', '{"namespaces":["Team_A"]}', 'namespaces.0'],
    ['an unknown namespace', '{"namespaces":["team-a","nowhere"]}', 'namespaces'],
    ['a part of a name', '{"namespaces":["team"]}', 'namespaces'],
    ['an unknown field', '{"namespace":["team-a"]}', 'namespace'],
    ['a force flag that is a text', '{"force_bootstrap":"true"}', 'force_bootstrap'],
    ['two contradicting force flags', '{"force_bootstrap":true,"force-bootstrap":false}', 'force_bootstrap'],
    ['a list', '[]', 'body'],
    ['a text', '"team-a"', 'body'],
  ])('acceptance 14: refuses %s, and names the field', async (_what, body, field) => {
    const { app, requested } = open();

    const response = await deploy(app, body);

    expect(response.status).toBe(400);
    expect(response.headers['content-type']).toContain('application/problem+json');
    expect(response.body.errors).toEqual(expect.arrayContaining([expect.objectContaining({ field })]));
    expect(requested).toEqual([]);
  });

  test.each([
    ['invalid JSON', '{"namespaces":', JSON_TYPE, 400],
    ['JSON declared as text', '{"namespaces":["team-a"]}', 'text/plain', 415],
    ['a form', 'namespaces=team-a', 'application/x-www-form-urlencoded', 415],
    ['a body that is too large', `{"namespaces":["${'a'.repeat(3_000_000)}"]}`, JSON_TYPE, 413],
  ])('acceptance 14: refuses %s', async (_what, body, type, status) => {
    const { app, requested } = open();

    const response = await deploy(app, body, type);

    expect(response.status).toBe(status);
    expect(response.headers['content-type']).toContain('application/problem+json');
    expect(requested).toEqual([]);
  });

  test('acceptance 14: refuses a body without a content type', async () => {
    const { app, requested } = open();

    const response = await request(app)
      .post('/api/deploy')
      .unset('content-type')
      .serialize(String)
      .send('{"a":1}');

    expect(response.status).toBe(415);
    expect(requested).toEqual([]);
  });

  test('responds with 503 and Retry-After while Redis is down', async () => {
    const { app } = open({ failure: new SkipperError('redis_unavailable', 'Redis is not connected') });

    const response = await request(app).post('/api/deploy');

    expect(response.status).toBe(503);
    expect(response.headers['retry-after']).toBe('5');
    expect(response.body).toMatchObject({ status: 503, code: 'redis_unavailable' });
  });

  test('passes the Idempotency-Key on, with a fingerprint of the request', async () => {
    const { app, requested } = open();
    const send = (body: string) => deploy(app, body).set('idempotency-key', 'k-1');

    await send('{}');
    await send('{"namespaces":["team-a"]}');

    const [first, second] = requested.map((command) => command.idempotency);
    expect(first?.key).toBe('k-1');
    expect(first?.fingerprint).not.toBe(second?.fingerprint);
  });

  test.each(['two words', 'x'.repeat(256)])('refuses the Idempotency-Key %j', async (key) => {
    const { app } = open();

    expect((await request(app).post('/api/deploy').set('idempotency-key', key)).status).toBe(400);
  });

  test('marks a replayed response', async () => {
    const { app } = open({ replayed: true });

    expect((await request(app).post('/api/deploy')).headers['idempotency-replayed']).toBe('true');
  });

  test('deploys nothing in a dry run', async () => {
    const { app, requested, planned } = open();

    const response = await deploy(app, '{"dry_run":true,"force-bootstrap":true}');

    expect(response.status).toBe(200);
    expect(response.body).toMatchObject({ dryRun: true, counts: { unchanged: 2 } });
    expect(planned).toEqual([{ namespaces: undefined, forceBootstrap: true }]);
    expect(requested).toEqual([]);
  });

  test.each([
    ['{"dry_run":true}', true],
    ['{"dry_run":true,"omit_steps":false}', true],
    ['{"dry_run":true,"omit_steps":true}', false],
  ])('returns the steps of a dry run unless they are omitted: %s', async (body, hasSteps) => {
    const response = await deploy(open().app, body);

    expect(response.body.targets).toHaveLength(2);
    expect(response.body.targets.map((target: object) => 'steps' in target)).toEqual([hasSteps, hasSteps]);
  });

  test('acceptance 22: requires the token if one is set, also on the board', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'skipper-app-')), 'token');
    writeFileSync(file, 's3cret');
    const { app, requested } = open({ flags: { authTokenFile: file } });

    const refused = [
      await request(app).post('/api/deploy'),
      await request(app).post('/api/releases/check'),
      await request(app).put('/queues/api/queues/deploy/pause'),
    ];
    const allowed = await request(app).post('/api/deploy').set('authorization', 'Bearer s3cret');

    expect(refused.map((response) => response.status)).toEqual([401, 401, 401]);
    expect(allowed.status).toBe(202);
    expect(requested).toHaveLength(1);
  });

  test('acceptance 22: refuses a cross-site request', async () => {
    const { app, requested } = open();

    const response = await request(app).post('/api/deploy').set('origin', 'https://evil.example.com');

    expect(response.status).toBe(403);
    expect(requested).toEqual([]);
  });
});

describe('GET /api/status', () => {
  test("acceptance 16: returns upstream's six keys for each namespace, also while Redis is down", async () => {
    const { app } = open({ namespaces: { b: { config: invalid('no YAML') }, a: {} } });

    const response = await request(app).get('/api/status');

    expect(response.status).toBe(200);
    expect(response.body).toEqual([
      {
        name: 'fiaas-deploy-daemon',
        namespace: 'a',
        status: 'OK',
        description: '',
        version: VERSION,
        channel: 'stable',
      },
      {
        name: 'fiaas-deploy-daemon',
        namespace: 'b',
        status: 'CONFIG_ERROR',
        description: 'no YAML',
        version: VERSION,
        channel: '',
      },
    ]);
  });

  test('acceptance 16: is empty without namespaces', async () => {
    expect((await request(open({ namespaces: {} }).app).get('/api/status')).body).toEqual([]);
  });
});

describe('behind a reverse proxy', () => {
  const PROXY = { trustProxy: 'loopback, 10.0.0.0/8' };
  const viaProxy = (app: ReturnType<typeof open>['app'], forwarded: string) =>
    request(app).post('/api/deploy').set('x-forwarded-for', forwarded);

  test.each([
    ['its client', PROXY, '203.0.113.9', '203.0.113.9'],
    [
      'the client that the last proxy that nobody trusts has seen',
      PROXY,
      '6.6.6.6, 203.0.113.9, 10.1.1.1',
      '203.0.113.9',
    ],
    ['an IPv6 client', PROXY, '2001:db8::1', '2001:db8::1'],
    ['the proxy, if the header is no address', PROXY, '<script>', '127.0.0.1'],
    ['the proxy, if nobody trusts it', {}, '203.0.113.9', '127.0.0.1'],
    ['the proxy, if another one is trusted', { trustProxy: '10.0.0.1' }, '203.0.113.9', '127.0.0.1'],
  ])('a request is of %s', async (_who, flags, forwarded, requestedBy) => {
    const { app, requested } = open({ flags });

    await viaProxy(app, forwarded);

    expect(requested).toMatchObject([{ requestedBy }]);
  });

  test.each([
    ['the host that its client has requested for', PROXY, 202],
    ['its own host, if nobody trusts it', {}, 403],
  ])('an origin is compared with %s', async (_what, flags, status) => {
    const { app } = open({ flags });

    const response = await viaProxy(app, '203.0.113.9')
      .set('x-forwarded-host', 'skipper.example')
      .set('origin', 'https://skipper.example');

    expect(response.status).toBe(status);
  });
});

describe('GET /api/fleet.csv', () => {
  const rowsOf = (text: string) => text.trimEnd().split('\r\n').slice(1);

  test('is a file with a line per namespace, its columns those of the command line', async () => {
    const { app } = open({ namespaces: { 'team-b': { config: invalid('no, YAML') }, 'team-a': {} } });

    const { status, headers, text } = await request(app).get('/api/fleet.csv');

    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/csv; charset=utf-8; header=present');
    expect(headers['content-disposition']).toBe('attachment; filename="skipper-fleet.csv"');
    expect(text).toMatch(
      /^namespace,health,status,channel,version,wanted,since,activity,attempt,detail,cause\r\n/,
    );
    expect(text).toMatch(/\r\n$/);
    expect(rowsOf(text)[0]).toMatch(/^team-b,degraded,CONFIG_ERROR,.*,"no, YAML"$/);
    expect(rowsOf(text)[1]).toMatch(/^team-a,/);
  });

  test('is filtered and sorted like the page', async () => {
    const { app } = open({ namespaces: { c: {}, a: {}, b: { config: invalid('no YAML') } } });
    const names = async (query: string) =>
      rowsOf((await request(app).get(`/api/fleet.csv?${query}`)).text).map((row) => row.split(',')[0]);

    expect(await names('sort=-namespace')).toEqual(['c', 'b', 'a']);
    expect(await names('health=degraded')).toEqual(['b']);
    expect(await names('health=unknown&health=degraded&sort=namespace')).toEqual(['a', 'b', 'c']);
    expect(await names('q=yaml')).toEqual(['b']);
  });
});

describe('other paths', () => {
  test.each([
    ['/api/namespaces/nowhere', 404],
    ['/api/rollouts/nothing', 404],
    ['/api/deployments/nothing', 404],
    ['/nothing', 404],
    ['/healthz', 200],
    // Redis is down in this fake.
    ['/readyz', 503],
    ['/_/metrics', 200],
  ])('GET %s responds with %d', async (path, status) => {
    const response = await request(open().app).get(path);

    expect(response.status).toBe(status);
  });

  test('an unknown path responds with a page for browsers, and a problem for programs', async () => {
    const { app } = open();

    const page = await request(app)
      .get('/nothing?<b>')
      .set('accept', 'text/html,application/xhtml+xml,*/*;q=0.8');
    const problem = await request(app).get('/nothing').set('accept', '*/*');
    const posted = await request(app).post('/nothing').set('accept', 'text/html');

    expect([page.status, problem.status, posted.status]).toEqual([404, 404, 404]);
    expect(page.type).toBe('text/html');
    expect(page.text).toContain('This page does not exist');
    expect(page.text).toContain('<code>/nothing</code>');
    expect([problem.type, posted.type]).toEqual(['application/problem+json', 'application/problem+json']);
  });

  test('/readyz shows why the API is not ready', async () => {
    expect((await request(open().app).get('/readyz')).body.problems).toEqual(['Redis is not connected']);
  });

  test('acceptance 20: counts requests in upstream’s metrics', async () => {
    const { app } = open();
    await request(app).get('/api/status');

    const { text } = await request(app).get('/_/metrics');

    expect(text).toContain('web_request_finished_total{page="status"} 1');
    expect(text).toContain('fiaas_enabled_namespaces 2');
  });
});
