import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import '../../support/fake-one-realm.ts';
import request from 'supertest';
import { createApp } from '../../../api/app.ts';
import type { FleetView } from '../../../api/fleet-view/fleet-view.ts';
import { openFleetView } from '../../../api/fleet-view/open-fleet-view.ts';
import { themeCookie } from '../../../web/ui/theme.ts';
import { createFakeCore, silentFeed } from '../../support/fake-core.ts';

const WEB = fileURLToPath(new URL('../../../web', import.meta.url));

const views: FleetView[] = [];
afterEach(async () => {
  for (const view of views.splice(0)) await view.close();
});

function open(flags: Record<string, unknown>) {
  const { core } = createFakeCore({ flags });
  const view = openFleetView(core, silentFeed);
  views.push(view);
  return { app: createApp(core, '1.2.3', view), metrics: core.metrics };
}

const TRUSTED = { trustProxy: 'loopback' };
const BELOW = { basePath: '/skipper' };
const named = (prefix: string) => ({ 'x-forwarded-prefix': prefix });

describe('every link begins with the path that the client uses', () => {
  test.each([
    ['at the root', {}, {}, '', ''],
    ['with a base path', BELOW, {}, '/skipper', '/skipper'],
    ['with a base path without slash', { basePath: 'skipper/' }, {}, '/skipper', '/skipper'],
    ['with a base path of several parts', { basePath: '/ops/v1.2/' }, {}, '/ops/v1.2', '/ops/v1.2'],
    ['if a proxy has removed it', TRUSTED, named('/skipper'), '', '/skipper'],
    ['if a proxy names it with a slash', TRUSTED, named('/skipper/'), '', '/skipper'],
    ['if two proxies have removed a part each', TRUSTED, named('/ops, /skipper'), '', '/ops/skipper'],
    ['if a proxy has removed a part', { ...TRUSTED, ...BELOW }, named('/ops'), '/skipper', '/ops/skipper'],
    ['if a proxy names the base path', { ...TRUSTED, ...BELOW }, named('/skipper'), '/skipper', '/skipper'],
    ['if a proxy removes the base path', { ...TRUSTED, ...BELOW }, named('/skipper'), '', '/skipper'],
    ['unless nobody trusts the proxy', {}, named('/skipper'), '', ''],
    ['unless another proxy is trusted', { trustProxy: '10.0.0.1' }, named('/skipper'), '', ''],
    ...['//evil.example', 'https://evil.example', '/a/../b', '/"><script>', '/a?b', '/a, //b'].map(
      (prefix) => [`unless a proxy names ${prefix}`, TRUSTED, named(prefix), '', ''] as const,
    ),
  ])('%s', async (_when, flags, headers, sent, base) => {
    const { app } = open(flags);
    const get = (path: string) =>
      request(app)
        .get(sent + path)
        .set(headers);

    const root = await get('/');
    const page = await get('/status').set('accept', 'text/html');
    const board = await get('/queues');
    const document = await get('/api/openapi.json');
    const deploy = await request(app).post(`${sent}/api/deploy`).set(headers);
    const links = /(?:href|src|action)="([^"#]*)"/g;
    const addresses = [...page.text.matchAll(links)].map(([, address = '']) => address);

    expect(root.headers.location).toBe(`${base}/status`);
    expect(addresses.length).toBeGreaterThan(8);
    for (const address of addresses) {
      expect(address).toMatch(new RegExp(`^${base}/(assets|status|rollouts|healing|audit|queues|api)`));
    }
    expect(board.text).toContain(`<base href="${base}/queues/"`);
    expect(board.text).toContain(`class="to-fleet" href="${base}/status"`);
    expect(board.text).toContain(`"url":"${base}/api/openapi.json"`);
    expect(document.body.servers).toEqual([{ url: base || '/' }]);
    expect(deploy.headers.location).toBe(`${base}/api/rollouts/rollout-1`);
    expect(deploy.body).toMatchObject({
      links: { self: `${base}/api/rollouts/rollout-1`, board: `${base}/queues` },
      targets: [
        {
          links: { namespace: `${base}/api/namespaces/team-a`, job: `${base}/queues/queue/deploy/team-a.1` },
        },
        {},
      ],
    });
  });

  test('on the board, also in parallel', async () => {
    const { app } = open(TRUSTED);
    const hrefOf = async (prefix: string) => {
      const { body } = await request(app).get('/queues/api/queues?activeQueue=fleet').set(named(prefix));
      return JSON.stringify(body).match(/"href":"([^"]*)"/)?.[1];
    };

    expect(await Promise.all(['/a', '/b', '/c'].map(hrefOf))).toEqual([
      expect.stringMatching(/^\/a\/status\/team-/),
      expect.stringMatching(/^\/b\/status\/team-/),
      expect.stringMatching(/^\/c\/status\/team-/),
    ]);
  });
});

describe('with a base path', () => {
  test.each(['/healthz', '/readyz', '/_/metrics'])('%s answers at the root and below it', async (path) => {
    const { app } = open(BELOW);

    const [root, below] = [await request(app).get(path), await request(app).get(`/skipper${path}`)];

    expect(root.status).not.toBe(404);
    expect(below.status).toBe(root.status);
    expect(below.type).toBe(root.type);
  });

  test('the probes answer even if it is the path of one', async () => {
    const { app } = open({ basePath: '/healthz' });

    expect((await request(app).get('/healthz')).body).toMatchObject({ status: 'ok' });
    expect((await request(app).get('/healthz/api/fleet')).status).toBe(200);
  });

  test.each(['/status', '/api/fleet', '/skippers/status', '/queues', '/assets/x.js'])(
    '%s is refused, with what to set',
    async (path) => {
      const response = await request(open(BELOW).app).get(path);

      expect(response.status).toBe(404);
      expect(response.body.detail).toMatch(
        /outside of \/skipper \(--base-path\).*X-Forwarded-Prefix.*--trust-proxy/,
      );
    },
  );

  test.each(['/', '/skipper', '/skipper/', '/skipper/?a'])('%s leads to the fleet page', async (path) => {
    const response = await request(open(BELOW).app).get(path);

    expect([response.status, response.headers.location]).toEqual([302, '/skipper/status']);
  });

  test('requests are measured as at the root', async () => {
    const { app, metrics } = open(BELOW);

    await request(app).get('/skipper/api/status');

    expect(await metrics.registry.metrics()).toMatch(/web_request_started_total\{page="status"\} 1/);
  });

  test('an address that does not exist is named in full', async () => {
    const { app } = open(BELOW);

    const page = await request(app).get('/skipper/nowhere').set('accept', 'text/html');
    const answer = await request(app).get('/skipper/nowhere');

    expect(page.text).toContain('<code>/skipper/nowhere</code>');
    expect(answer.body.detail).toBe('GET /skipper/nowhere does not exist');
  });
});

describe('pages', () => {
  test('have no link that leaves out the base path: they use Link', () => {
    const sources = readdirSync(WEB, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.tsx?$/.test(name),
    );
    const absolute = sources.filter((name) =>
      /<a\b(?:[^<>]|=>)*?href=(?:"\/|\{`\/)|action="\/|location\.(?:assign|replace)\([`'"]\//.test(
        readFileSync(join(WEB, name), 'utf8'),
      ),
    );

    expect(absolute).toEqual([]);
  });

  test('keep their cookie to the base path: another Skipper can be on the same host', () => {
    expect(themeCookie('dark', '')).toContain('; path=/;');
    expect(themeCookie('dark', '/skipper')).toContain('; path=/skipper/;');
  });
});
