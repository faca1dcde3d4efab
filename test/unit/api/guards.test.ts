import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import '../../support/fake-one-realm.ts';
import express, { type ErrorRequestHandler } from 'express';
import request from 'supertest';
import { refuseForeignOrigins, requireToken, securityHeaders } from '../../../api/guards.ts';
import { problemBody, toProblem } from '../../../api/problem.ts';
import { ConfigurationError } from '../../../shared/config.ts';

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
  const app = anApp(refuseForeignOrigins);
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

describe('securityHeaders', () => {
  test('acceptance 22: forbids loading from other hosts, inline scripts and frames', async () => {
    const { headers } = await request(anApp(securityHeaders)).get('/');

    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).toMatch(/script-src 'self'(;|$)/);
    expect(headers).toMatchObject({ 'x-frame-options': 'DENY', 'x-content-type-options': 'nosniff' });
  });
});
