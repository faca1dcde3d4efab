import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import '../../support/fake-one-realm.ts';
import express, { type ErrorRequestHandler } from 'express';
import type { Logger } from 'pino';
import request from 'supertest';
import { openTokenGuard, refuseForeignOrigins, requireHost, securityHeaders } from '../../../api/guards.ts';
import { problemBody, toProblem } from '../../../api/problem.ts';
import { openRefusals, type Refusals } from '../../../api/refusals.ts';
import { ConfigurationError } from '../../../shared/config.ts';
import { createMetrics } from '../../../shared/metrics.ts';

/** Refuses without counting. */
const patient: Refusals = {
  refuse: async (_request, _reason, problem) => {
    throw problem;
  },
};

function requireToken(tokenFile: string | undefined) {
  return openTokenGuard(tokenFile, patient).forChanges;
}

const folder = mkdtempSync(join(tmpdir(), 'skipper-guards-'));

function aTokenFile(text: string, name = 'token'): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function anApp(...guards: express.RequestHandler[]) {
  const answerProblem: ErrorRequestHandler = (error, _request, response, _next) => {
    const problem = toProblem(error);
    response.status(problem.status).set(problem.headers).json(problemBody(problem));
  };
  return express()
    .use(...guards)
    .use('/', (_request, response) => void response.json('done'))
    .use(answerProblem);
}

describe('refuseForeignOrigins', () => {
  const app = anApp(refuseForeignOrigins(patient));
  const HOST = 'skipper.example.com';

  test.each<[string, Record<string, string>, number]>([
    ['a program, which sends neither header', {}, 200],
    ['our own page', { origin: `https://${HOST}`, 'sec-fetch-site': 'same-origin' }, 200],
    ['our own page in an old browser', { origin: `https://${HOST}` }, 200],
    ['a URL that the user typed', { 'sec-fetch-site': 'none' }, 200],
    ['another site', { origin: 'https://evil.example.com', 'sec-fetch-site': 'cross-site' }, 403],
    ['another site in an old browser', { origin: 'https://evil.example.com' }, 403],
    ['a sibling site', { origin: 'https://blog.example.com', 'sec-fetch-site': 'same-site' }, 403],
    ['another port of our host', { origin: `https://${HOST}:8443` }, 403],
    ['our name as part of another host', { origin: `https://${HOST}.evil.com` }, 403],
    ['a sandboxed page', { origin: 'null' }, 403],
    ['an invalid origin', { origin: 'nonsense' }, 403],
    ['a form of another site', { 'sec-fetch-site': 'cross-site' }, 403],
  ])('acceptance 22: refuses only cross-origin POST requests: %s', async (_what, headers, status) => {
    const response = await request(app).post('/').set('host', HOST).set(headers);

    expect(response.status).toBe(status);
  });

  test.each(['get', 'head', 'options'] as const)(
    'allows a cross-site %s request, which changes nothing',
    async (method) => {
      const response = await request(app)[method]('/').set('origin', 'https://evil.example.com');

      expect(response.status).toBe(200);
    },
  );
});

describe('requireToken', () => {
  const app = anApp(requireToken(aTokenFile('s3cret:with colon\n')));
  const basic = (user: string, password: string) =>
    `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

  test.each([
    ['no token', undefined, 401],
    ['another token', 'Bearer wrong', 401],
    ['the beginning of the token', 'Bearer s3cret', 401],
    ['an empty token', 'Bearer ', 401],
    ['another scheme', 'Digest s3cret', 401],
    ['another password', basic('admin', 'wrong'), 401],
    ['the token as user name', basic('s3cret:with colon', ''), 401],
    ['the token as password of any user', basic('anyone', 's3cret:with colon'), 200],
  ])('acceptance 22: allows a change only with the right token: %s', async (_what, authorization, status) => {
    const response = await request(app)
      .post('/')
      .set(authorization === undefined ? {} : { authorization });

    expect(response.status).toBe(status);
  });

  test('acceptance 22: allows a change with the token as bearer', async () => {
    const guarded = anApp(requireToken(aTokenFile('s3cret\n', 'plain')));

    const responses = [
      await request(guarded).post('/').set('authorization', 'Bearer s3cret'),
      await request(guarded).delete('/').set('authorization', 'bearer s3cret'),
    ];

    expect(responses.map((response) => response.status)).toEqual([200, 200]);
  });

  test('reports whether a token is missing or wrong', async () => {
    const missing = await request(app).post('/');
    const wrong = await request(app).post('/').set('authorization', 'Bearer wrong');

    expect(missing.body.detail).toMatch(/^a token is required/);
    expect(wrong.body.detail).toMatch(/^the token is wrong/);
  });

  test('shows how to authenticate', async () => {
    const response = await request(app).post('/');

    expect(response.headers['www-authenticate']).toContain('Bearer');
    expect(response.headers['www-authenticate']).toContain('Basic');
  });

  test('leaves the token prompt to a page that has its own', async () => {
    const app = anApp(requireToken(aTokenFile('s3cret', 'page-prompt')));

    const response = await request(app).post('/').set('x-requested-with', 'skipper');

    expect(response.status).toBe(401);
    expect(response.headers['www-authenticate']).toBe('Bearer realm="skipper"');
  });

  test('allows reading without a token', async () => {
    expect((await request(app).get('/')).status).toBe(200);
  });

  test('requires nothing if no token is set', async () => {
    expect((await request(anApp(requireToken(undefined))).post('/')).status).toBe(200);
  });

  test.each([
    ['does not exist', () => join(folder, 'none'), /cannot be read/],
    ['is empty', () => aTokenFile(' \n', 'empty'), /is empty/],
  ])('refuses to start with a token file that %s', (_what, path, message) => {
    expect(() => requireToken(path())).toThrow(ConfigurationError);
    expect(() => requireToken(path())).toThrow(message);
  });
});

describe('requireHost', () => {
  const status = async (publicUrl: string | undefined, host: string) =>
    (
      await request(anApp(requireHost(publicUrl, patient)))
        .get('/')
        .set('host', host)
    ).status;

  test.each<[string | undefined, string, number]>([
    [undefined, 'anything.example.com', 200],
    ['https://skipper.example.com', 'skipper.example.com', 200],
    ['https://skipper.example.com/', 'SKIPPER.example.com:443', 200],
    ['https://skipper.example.com:8443', 'skipper.example.com:8443', 200],
    ['https://skipper.example.com', 'skipper.example.com:8443', 421],
    ['https://skipper.example.com', 'skipper.example.com.evil.com', 421],
    ['https://skipper.example.com', 'evil.com', 421],
    ['https://skipper.example.com', '127.0.0.1:5000', 421],
    ['https://skipper.example.com', 'a b', 421],
    ['https://skipper.example.com', 'user@skipper.example.com/', 421],
  ])('with %s, a request for %s is answered with %d', async (publicUrl, host, expected) => {
    expect(await status(publicUrl, host)).toBe(expected);
  });

  test('names the setting and the right host', async () => {
    const app = anApp(requireHost('https://skipper.example.com', patient));

    const { body } = await request(app).get('/').set('host', 'evil.com');

    expect(body).toMatchObject({
      code: 'unknown_host',
      title: 'Misdirected request',
      detail: 'this API answers for skipper.example.com only (--public-url), not for "evil.com"',
    });
  });
});

describe('refused requests', () => {
  function open() {
    const lines: Record<string, unknown>[] = [];
    const log = { warn: (about: object, message: string) => lines.push({ ...about, message }) };
    const metrics = createMetrics();
    const refusals = openRefusals({
      log: log as unknown as Logger,
      metrics,
      state: { audit: async () => undefined },
    });
    const file = aTokenFile('s3cret', `counted-${Math.random()}`);
    const app = anApp(refuseForeignOrigins(refusals), openTokenGuard(file, refusals).forChanges);
    const counts = async () => {
      const { values } = await metrics.requestsRefused.get();
      return Object.fromEntries(values.map(({ labels, value }) => [labels.reason, value]));
    };
    return { app, lines, counts };
  }
  const post = (app: express.Express, headers: Record<string, string>) =>
    request(app).post('/x?token=hidden').set(headers);

  test('are logged with caller and reason, never with the token, and counted', async () => {
    const { app, lines, counts } = open();

    await post(app, { authorization: 'Bearer wr0ng' });
    await post(app, {});
    await post(app, { origin: 'https://evil.example.com' });

    const where = { method: 'POST', path: '/x', caller: expect.stringMatching(/127\.0\.0\.1|::1/) };
    expect(lines).toEqual(
      ['token_wrong', 'token_missing', 'foreign_origin'].map((reason) => ({
        ...where,
        reason,
        message: 'request refused',
      })),
    );
    expect(JSON.stringify(lines)).not.toMatch(/wr0ng|hidden|s3cret/);
    expect(await counts()).toEqual({ token_wrong: 1, token_missing: 1, foreign_origin: 1 });
  });

  test('are limited: the 21st within a minute is 429, logged once; the right token and the prompt for it still work', async () => {
    const { app, lines, counts } = open();
    const wrong = { authorization: 'Bearer wrong' };
    for (let count = 0; count < 20; count += 1) expect((await post(app, wrong)).status).toBe(401);

    const limited = await post(app, wrong);
    const foreign = await post(app, { origin: 'https://evil.example.com' });

    expect(limited).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
    expect(Number(limited.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(limited.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(foreign.status).toBe(429);
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)?.message).toMatch(/^requests refused too often/);
    expect(await counts()).toEqual({ token_wrong: 21, foreign_origin: 1 });
    expect((await post(app, {})).status).toBe(401);
    expect((await post(app, { authorization: 'Bearer s3cret' })).status).toBe(200);
  });
});

describe('securityHeaders', () => {
  test('acceptance 22: forbids loading from other hosts, inline scripts and frames', async () => {
    const { headers } = await request(anApp(securityHeaders)).get('/');

    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).toMatch(/script-src 'self'(;|$)/);
    expect(headers).toMatchObject({ 'x-frame-options': 'DENY', 'x-content-type-options': 'nosniff' });
  });
});
