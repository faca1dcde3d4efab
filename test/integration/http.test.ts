import { isDeepStrictEqual } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { ROUTES } from '../../api/routes.ts';
import { FDD, NEW, OLD } from '../support/published.ts';
import { type Raw, useWorld, writeInto } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const world = useWorld({}, async (opened) => {
  await opened.startApi();
  await opened.startWorker();
  await opened.addNamespace('team-a');
  await opened.addNamespace('team-b');
});

function post(body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Raw> {
  return world.http('/api/deploy', { method: 'POST', body, headers });
}

const JSON_TYPE = { 'content-type': 'application/json' };

describe('POST /api/deploy', () => {
  test('answers 202 with the rollout: one target per namespace, with job and links', async () => {
    const answer = await post({ namespaces: ['team-b', 'team-a'] });

    expect(answer.status).toBe(202);
    expect(answer.headers.get('location')).toBe(`/api/rollouts/${answer.body.id}`);
    expect(answer.body).toMatchObject({
      id: expect.any(String),
      trigger: 'api',
      requestedBy: '127.0.0.1',
      forceBootstrap: false,
      releases: [{ channel: 'stable', version: NEW, image: `fiaas/${FDD}:${NEW}` }],
      links: { self: `/api/rollouts/${answer.body.id}` },
    });
    expect(answer.body.targets).toHaveLength(2);
    for (const target of answer.body.targets) {
      expect(target).toMatchObject({
        namespace: expect.stringMatching(/^team-[ab]$/),
        state: 'pending',
        reason: '',
        jobId: expect.any(String),
        coalesced: false,
        links: {
          namespace: `/api/namespaces/${target.namespace}`,
          job: `/queues/queue/deploy/${target.jobId}`,
        },
      });
      expect((await world.http(target.links.namespace)).status).toBe(200);
      expect((await world.http(target.links.job)).status).toBe(200);
    }
    await world.rolloutFinished(answer.body.id);
  });

  test.each([
    ['nothing', undefined, {}],
    ['an empty object', {}, {}],
    ['an empty body of type JSON', '', JSON_TYPE],
    ['an empty form body', '', { 'content-type': 'application/x-www-form-urlencoded' }],
  ])('acceptance 14: %s selects all namespaces', async (_what, body, headers) => {
    const answer = await post(body, headers);

    expect(answer.status).toBe(202);
    expect(answer.body.targets.map(({ namespace }: Raw) => namespace)).toEqual(['team-a', 'team-b']);
    await world.rolloutFinished(answer.body.id);
  });

  test.each([
    ['an empty list', { namespaces: [] }, 'namespaces', /omit the field to deploy all/],
    ['a string', { namespaces: 'team-a' }, 'namespaces', /array/],
    ['a number', { namespaces: [7] }, 'namespaces.0', /string/],
    ['null', { namespaces: null }, 'namespaces', /array/],
    ['an invalid namespace name', { namespaces: ['Team A'] }, 'namespaces.0', /lower-case/],
    ['an unknown namespace', { namespaces: ['team-a', 'nowhere'] }, 'namespaces', /nowhere.*ConfigMap/],
    ['a namespace without ConfigMap', { namespaces: ['default'] }, 'namespaces', /default.*ConfigMap/],
    ['a force flag of another type', { force_bootstrap: 'yes' }, 'force_bootstrap', /boolean/],
    [
      'contradicting force flags',
      { force_bootstrap: true, 'force-bootstrap': false },
      'force_bootstrap',
      /contradicts/,
    ],
    ['an unknown field', { namespace: 'team-a' }, 'namespace', /unknown/],
    ['a list', ['team-a'], 'body', /object/],
    ['null as body', 'null', 'body', /object/],
  ])('acceptance 14: answers 400 to %s and names the field', async (_what, body, field, message) => {
    const answer = await post(body, JSON_TYPE);

    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body).toMatchObject({ type: expect.any(String), title: 'Bad request', status: 400 });
    expect(answer.body.errors).toEqual(
      expect.arrayContaining([{ field, message: expect.stringMatching(message) }]),
    );
  });

  test('acceptance 14: answers 400 to broken JSON', async () => {
    const answer = await post('{"namespaces": [', JSON_TYPE);

    expect(answer.status).toBe(400);
    expect(answer.body.detail).toContain('JSON');
  });

  test.each([['text/plain'], ['application/x-www-form-urlencoded'], ['application/yaml']])(
    'acceptance 14: answers 415 to a body of type %s and names the type to use',
    async (type) => {
      const answer = await post('{"namespaces": ["team-a"]}', { 'content-type': type });

      expect(answer.status).toBe(415);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(answer.body.detail).toContain('application/json');
    },
  );

  test('acceptance 14: refused requests start no rollout', async () => {
    const before = (await world.http('/api/rollouts')).body.rollouts.length;

    await post({ namespaces: [] });
    await post({ namespaces: ['nowhere'] });
    await post('{"namespaces": ["team-a"]}', { 'content-type': 'text/plain' });

    expect((await world.http('/api/rollouts')).body.rollouts).toHaveLength(before);
  });

  test('answers 413 to a body that is too large', async () => {
    const answer = await post(`{"namespaces": ["${'a'.repeat(3 * 1024 * 1024)}"]}`, JSON_TYPE);

    expect(answer.status).toBe(413);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
  });

  test('a dry run returns the plan and changes nothing', async () => {
    await world.addNamespace('planned', { fdd: OLD });
    await world.addNamespace('planned-fresh');
    await until(
      async () => (await world.http('/api/namespaces/planned')).body.deployment !== undefined,
      'the API sees the Deployment',
    );

    const { status, body } = await post({ namespaces: ['planned', 'planned-fresh'], dry_run: true });

    expect(status).toBe(200);
    expect(body).toMatchObject({ dryRun: true, counts: { update: 1, bootstrap: 1 } });
    expect(body.targets[0].steps.map(({ kind }: Raw) => kind)).toEqual(['apply-application', 'verify']);
    expect(body.targets[1].steps.map(({ kind }: Raw) => kind)).toEqual([
      'apply-application',
      'create-bootstrap-pod',
      'verify',
    ]);
    expect(world.changes('planned')).toEqual([]);
    expect((await world.http('/api/namespaces/planned')).body.record).toBeUndefined();
  });
});

describe('Idempotency-Key', () => {
  test('returns the same rollout for the same request', async () => {
    const key = { 'idempotency-key': 'once' };

    const first = await post({ namespaces: ['team-a'] }, key);
    const second = await post({ namespaces: ['team-a'] }, key);
    const later = await world
      .rolloutFinished(first.body.id)
      .then(() => post({ namespaces: ['team-a'] }, key));

    expect([first.status, second.status, later.status]).toEqual([202, 202, 202]);
    expect(second.body.id).toBe(first.body.id);
    expect(later.body).toMatchObject({ id: first.body.id, state: 'completed' });
    expect(later.headers.get('idempotency-replayed')).toBe('true');
  });

  test('creates one rollout for many concurrent requests', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => post({ namespaces: ['team-a'] }, { 'idempotency-key': 'together' })),
    );

    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    await world.rolloutFinished(answers[0]?.body.id);
  });

  test('refuses a different request with a known key', async () => {
    const key = { 'idempotency-key': 'reused' };
    const { body } = await post({ namespaces: ['team-a'] }, key);

    const answer = await post({ namespaces: ['team-b'] }, key);

    expect(answer.status).toBe(422);
    expect(answer.body.errors).toEqual([
      { field: 'Idempotency-Key', message: expect.stringContaining('new key') },
    ]);
    await world.rolloutFinished(body.id);
  });

  test('is refused with 400 if it is not printable or too long', async () => {
    for (const key of ['with space', 'a'.repeat(256)]) {
      expect((await post({}, { 'idempotency-key': key })).status).toBe(400);
    }
  });
});

describe('read routes', () => {
  test('a rollout shows its state and its targets', async () => {
    const { id } = await world.deploy({ namespaces: ['team-a'] });

    const rollout = await world.rolloutFinished(id);

    expect(rollout).toMatchObject({ id, state: 'completed', counts: { completed: 1, failed: 0 } });
    expect(rollout.targets[0]).toMatchObject({
      namespace: 'team-a',
      state: 'completed',
      reason: expect.any(String),
      outcome: 'unchanged',
      version: NEW,
      attempt: 1,
      startedAt: expect.any(Number),
      finishedAt: expect.any(Number),
    });
  });

  test('rollouts are listed newest first', async () => {
    const { id } = await world.deploy({ namespaces: ['team-b'] });

    const { rollouts } = (await world.http('/api/rollouts')).body;

    expect(rollouts[0].id).toBe(id);
    expect(rollouts[0].targets).toBeUndefined();
    await world.rolloutFinished(id);
  });

  test("acceptance 16: the status has upstream's six keys and its values", async () => {
    await world.addNamespace('status-missing');
    await world.addNamespace('status-ok', { fdd: NEW });
    await world.addNamespace('status-unavailable', { fdd: NEW });
    await world.addNamespace('status-mismatch', { fdd: OLD });
    await world.addNamespace('status-failed', { fdd: NEW });
    world.fdds.misbehaviour.set('status-unavailable', { kind: 'crash-loop' });
    // Otherwise it takes up what is written below.
    world.fdds.misbehaviour.set('status-mismatch', { kind: 'hang' });
    await world.kube.request({
      method: 'PATCH',
      patchType: 'merge',
      path: `/apis/fiaas.schibsted.io/v1/namespaces/status-mismatch/applications/${FDD}`,
      body: { metadata: { labels: { 'fiaas/deployment_id': '' } }, spec: { image: `fiaas/${FDD}:v9` } },
    });
    world.fdds.misbehaviour.set('status-failed', { kind: 'slow-start', ms: 60_000 });
    await world.kube.request({
      method: 'PATCH',
      patchType: 'merge',
      path: `/apis/apps/v1/namespaces/status-failed/deployments/${FDD}`,
      body: { spec: { replicas: 2 } },
    });

    const expected = {
      'status-failed': 'FAILED',
      'status-mismatch': 'VERSION_MISMATCH',
      'status-missing': 'NOT_FOUND',
      'status-ok': 'OK',
      'status-unavailable': 'UNAVAILABLE',
    };
    const rows = await until(async () => {
      const answer: Raw[] = (await world.http('/api/status')).body;
      const found = answer.filter(({ namespace }) => namespace.startsWith('status-'));
      const statuses = Object.fromEntries(found.map(({ namespace, status }) => [namespace, status]));
      if (!isDeepStrictEqual(statuses, expected)) throw new Error(JSON.stringify(statuses));
      return found;
    }, 'each namespace has its status');

    for (const row of rows) {
      for (const key of ['name', 'namespace', 'status', 'description', 'version', 'channel']) {
        expect(row).toHaveProperty(key, expect.any(String));
      }
      expect(row).toMatchObject({ name: FDD, channel: 'stable' });
    }
    expect(rows.find(({ status }) => status === 'OK')).toMatchObject({ description: '', version: NEW });
    for (const namespace of ['status-unavailable', 'status-failed', 'status-mismatch'])
      world.fdds.misbehaviour.clear(namespace);
  });

  test('a namespace shows its configuration, objects and latest request', async () => {
    await world.deployed('team-a');

    const { status, body } = await world.http('/api/namespaces/team-a');

    expect(status).toBe(200);
    expect(body).toMatchObject({
      namespace: 'team-a',
      status: 'OK',
      config: { tag: 'stable' },
      application: { image: `fiaas/${FDD}:${NEW}` },
      deployment: { image: `fiaas/${FDD}:${NEW}`, availableReplicas: 1 },
      record: { state: 'completed' },
      state: 'completed',
    });
    for (const link of Object.values<string>(body.links)) expect((await world.http(link)).status).toBe(200);
  });

  test.each([
    ['/api/rollouts/unknown', /rollout "unknown" does not exist/],
    ['/api/namespaces/unknown', /is not a FIAAS namespace/],
    ['/api/nothing', /GET \/api\/nothing does not exist/],
    ['/api/rollouts/%3Cscript%3E', /<script>/],
  ])('answers 404 with the reason if something does not exist (%s)', async (path, detail) => {
    const answer = await world.http(path);

    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body.detail).toMatch(detail);
  });

  test('both processes report health and readiness', async () => {
    for (const { url } of world.running()) {
      for (const path of ['/healthz', '/readyz']) {
        expect(await world.http(path, { url })).toMatchObject({
          status: 200,
          body: { status: 'ok', problems: [] },
        });
      }
    }
  });

  test("acceptance 20: upstream's metrics keep their names", async () => {
    const texts = await Promise.all(
      world.running().map(async ({ url }) => (await world.http('/_/metrics', { url })).text),
    );

    for (const text of texts) {
      for (const [name, type] of [
        ['deployments_triggered_total', 'counter'],
        ['bootstraps_triggered_total', 'counter'],
        ['last_triggered_deployment', 'gauge'],
        ['fiaas_enabled_namespaces', 'gauge'],
        ['web_request_started_total', 'counter'],
        ['web_request_finished_total', 'counter'],
        ['web_request_exception_total', 'counter'],
        ['web_request_latency', 'histogram'],
      ]) {
        expect(text).toContain(`# TYPE ${name} ${type}`);
      }
    }
    const [api = '', worker = ''] = texts;
    expect(api).toMatch(/web_request_latency_bucket\{.*page="status"/);
    expect(api).toMatch(/skipper_namespaces\{status="OK"\} \d/);
    const namespaces: Raw[] = (await world.http('/api/status')).body;
    expect(worker).toContain(`fiaas_enabled_namespaces ${namespaces.length}\n`);
    expect(Number(/^deployments_triggered_total (\d+)/m.exec(worker)?.[1])).toBeGreaterThan(0);
    expect(Number(/^bootstraps_triggered_total (\d+)/m.exec(worker)?.[1])).toBeGreaterThan(0);
  });
});

describe('OpenAPI', () => {
  test('describes exactly the routes that are served', async () => {
    const { status, body } = await world.http('/api/openapi.json');

    expect(status).toBe(200);
    expect(body.openapi).toMatch(/^3\.1\./);
    expect(body.info).toMatchObject({ title: 'Skipper', version: expect.any(String) });
    const described = Object.entries<Raw>(body.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    expect(described.sort()).toEqual(
      ROUTES.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`).sort(),
    );
    for (const [path, operations] of Object.entries<Raw>(body.paths)) {
      for (const [method, operation] of Object.entries<Raw>(operations)) {
        const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
        const parameters: Raw[] = operation.parameters ?? [];
        expect(parameters.filter(({ in: place }) => place === 'path').map(({ name }) => name)).toEqual(names);
        expect(operation.operationId).toEqual(expect.any(String));
        // A stream never ends; fleet-feed.test.ts covers it.
        if (operation.responses['200']?.content['text/event-stream']) continue;
        const answer = await world.http(path.replaceAll(/\{\w+\}/g, 'none'), {
          method: method.toUpperCase(),
          body: method === 'post' ? '[]' : undefined,
          headers: method === 'post' ? JSON_TYPE : {},
        });
        expect(Object.keys(operation.responses)).toContain(String(answer.status));
      }
    }
  });

  test('has schemas that match the responses', async () => {
    const { body: document } = await world.http('/api/openapi.json');
    const { id } = await world.deploy({ namespaces: ['team-a'] });
    await world.rolloutFinished(id);

    for (const [path, url] of [
      ['/api/rollouts/{id}', `/api/rollouts/${id}`],
      ['/api/rollouts', '/api/rollouts'],
      ['/api/deployments/{id}', `/api/deployments/${id}`],
      ['/api/deployments', '/api/deployments'],
      ['/api/status', '/api/status'],
      ['/api/fleet', '/api/fleet'],
      ['/api/releases', '/api/releases'],
      ['/api/namespaces/{namespace}', '/api/namespaces/team-a'],
    ] as const) {
      const schema = document.paths[path].get.responses['200'].content['application/json'].schema;
      const answer = (await world.http(url)).body;
      const parsed = z.fromJSONSchema(selfContained(schema, document)).safeParse(answer);
      expect({ path, issues: parsed.error?.issues }).toEqual({ path, issues: undefined });
    }
  });
});

/** The schema with the components it refers to under `$defs`, as JSON Schema expects. */
function selfContained(schema: Raw, document: Raw): Raw {
  const whole = { ...schema, $defs: document.components?.schemas ?? {} };
  return JSON.parse(JSON.stringify(whole).replaceAll('#/components/schemas/', '#/$defs/'));
}

describe('guards', () => {
  const FOREIGN: readonly Readonly<Record<string, string>>[] = [
    { origin: 'https://evil.example.com' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ];

  test.each(FOREIGN)('acceptance 22: a request from another site changes nothing (%j)', async (headers) => {
    for (const [path, method] of [
      ['/api/deploy', 'POST'],
      ['/api/releases/check', 'POST'],
      ['/queues/api/queues/deploy/pause', 'PUT'],
    ]) {
      const answer = await world.http(path ?? '', { method, headers });
      expect({ path, status: answer.status }).toEqual({ path, status: 403 });
    }
    expect(await world.queue.isPaused()).toBe(false);
  });

  test('acceptance 22: a request from our own page is accepted', async () => {
    const own = { origin: world.running()[0]?.url ?? '', 'sec-fetch-site': 'same-origin' };

    const answer = await post({ namespaces: ['team-a'] }, own);

    expect(answer.status).toBe(202);
    await world.rolloutFinished(answer.body.id);
  });

  test('acceptance 22: with --auth-token-file every change needs the token, reads do not', async () => {
    const file = await writeInto(world, 'token', 'a-secret\n');
    await world.withApi({ flags: { 'auth-token-file': file } }, async () => {
      const changes = [
        ['/api/deploy', 'POST'],
        ['/api/releases/check', 'POST'],
        ['/queues/api/queues/deploy/pause', 'PUT'],
        ['/queues/api/queues/deploy/add', 'POST'],
      ] as const;
      const wrong = [
        {},
        { authorization: 'Bearer wrong' },
        { authorization: 'Bearer ' },
        { authorization: 'a-secret' },
        { authorization: `Basic ${Buffer.from('user:wrong').toString('base64')}` },
      ];
      for (const [path, method] of changes) {
        for (const headers of wrong) {
          const answer = await world.http(path, { method, headers: headers as Record<string, string> });
          expect({ path, headers, status: answer.status }).toEqual({ path, headers, status: 401 });
          expect(answer.headers.get('www-authenticate')).toContain('Bearer');
        }
      }
      for (const path of ['/api/status', '/healthz', '/queues', '/_/metrics']) {
        expect((await world.http(path)).status).toBe(200);
      }
      const basic = `Basic ${Buffer.from('anyone:a-secret').toString('base64')}`;
      for (const authorization of ['Bearer a-secret', basic]) {
        const answer = await post({ namespaces: ['team-a'] }, { authorization });
        expect(answer.status).toBe(202);
        await world.rolloutFinished(answer.body.id);
      }
    });
    expect(await world.queue.isPaused()).toBe(false);
  });
});

describe('the board', () => {
  afterEach(() => world.queue.resume());

  const PAGES = ['/queues', '/queues/queue/deploy', '/queues/queue/release-check'];

  test.each(PAGES)('acceptance 22: %s loads under a policy without foreign origins', async (path) => {
    const { status, headers, text } = await world.http(path);

    expect(status).toBe(200);
    expect(headers.get('content-type')).toContain('text/html');
    expect(text).toContain('Skipper');
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('upgrade-insecure-requests');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('the entry page loads nothing from other hosts, and everything it loads is served', async () => {
    const { text } = await world.http('/queues');

    const loaded = [...text.matchAll(/<(?:script|link|img|iframe)\b[^>]*?(?:src|href)="([^"]+)"/g)].map(
      (match) => match[1] ?? '',
    );
    expect(loaded.length).toBeGreaterThan(0);
    expect(loaded.filter((url) => /^(https?:)?\/\//.test(url))).toEqual([]);
    for (const url of loaded) {
      const path = new URL(url, 'http://here/queues/').pathname;
      expect({ path, status: (await world.http(path)).status }).toEqual({ path, status: 200 });
    }
  });

  test('/ leads to a page that loads', async () => {
    const { status, headers } = await world.http('/');

    if (status !== 200) expect((await world.http(headers.get('location') ?? '')).status).toBe(200);
  });

  test('lists the queues, and jobs by namespace with progress, log and result', async () => {
    await world.addNamespace('on-the-board');
    const target = await world.deployed('on-the-board');
    await world.endedJob(target.jobId);

    const { queues } = (
      await world.http('/queues/api/queues?activeQueue=deploy&status=completed&page=1&jobsPerPage=50')
    ).body;
    const { body: detail } = await world.http(`/queues/api/queues/deploy/${target.jobId}`);
    const { body: logs } = await world.http(`/queues/api/queues/deploy/${target.jobId}/logs`);

    expect(queues.map(({ name }: Raw) => name).sort()).toEqual([
      'deploy',
      'fleet',
      'notifications',
      'release-check',
      'rollouts',
    ]);
    const job = queues
      .find(({ name }: Raw) => name === 'deploy')
      .jobs.find(({ id }: Raw) => id === target.jobId);
    expect(job).toMatchObject({ name: 'on-the-board', progress: { phase: expect.any(String) } });
    expect(detail.job).toMatchObject({
      returnValue: expect.objectContaining({ outcome: 'bootstrapped', version: NEW }),
    });
    expect(JSON.stringify(logs)).toContain('bootstrapped');
  });
});
