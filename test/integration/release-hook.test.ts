import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { type JobType, Queue } from 'bullmq';
import { webhookKey } from '../../shared/notify/standard-webhooks.ts';
import { NEW, OLD } from '../support/published.ts';
import { useWorld, writeInto } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const OLDER_SECRET = 'a secret from before, in plain text';
const HOOK = '/api/hooks/release';
const world = useWorld({ flags: { 'disable-autoupdate': false } }, async (opened) => {
  const hookSecretFile = await writeInto(opened, 'hook-secret', `${SECRET}\n${OLDER_SECRET}\n`);
  const authTokenFile = await writeInto(opened, 'token', 'a-token');
  opened.channel.publish('hooked', OLD);
  await opened.startStandalone({
    flags: {
      'hook-secret-file': hookSecretFile,
      'auth-token-file': authTokenFile,
      'release-check-interval': 3600,
    },
  });
  await opened.addNamespace('team-a', { fdd: OLD, tag: 'hooked' });
});

const signed = (id: string, body = '', { secret = SECRET, at = Date.now() } = {}) => ({
  method: 'POST',
  ...(body !== '' && { body }),
  headers: webhookKey(secret).headersFor({ id, at, body }),
});

describe('POST /api/hooks/release', () => {
  const reads = () => world.channel.requests.get('/fiaas-deploy-daemon/hooked.json') ?? 0;

  test('leads to the first write of a new release within seconds, without the token', async () => {
    await world.http(HOOK, signed('msg_before'));
    await until(() => reads() > 0, 'the channel was read');
    world.channel.publish('hooked', NEW);
    const answer = await world.http(HOOK, signed('msg_new', '{"channel": "hooked"}'));
    // Checks without a hook come once an hour.
    await until(
      async () => (await world.application('team-a')).spec.image.endsWith(NEW),
      'the Application has the new release',
    );

    expect([answer.status, answer.body]).toEqual([202, { repeated: false }]);
    const { rollouts } = (await world.http('/api/rollouts')).body;
    expect(rollouts[0].trigger).toBe('release');
  });

  test('accepts what the example of the documentation sends', async () => {
    const page = readFileSync(new URL('../../docs/notifications.md', import.meta.url), 'utf8');
    const [, example = ''] = /## Announce a release[\s\S]*?```sh\n([\s\S]*?)```/.exec(page) ?? [];
    const [running] = world.running();
    const env = { PATH: process.env.PATH, SECRET, SKIPPER: running?.url };
    const { stdout } = await promisify(execFile)('sh', ['-euc', example], { env });

    expect(JSON.parse(stdout)).toEqual({ repeated: false });
  });

  test('a repeated id does nothing', async () => {
    const first = await world.http(HOOK, signed('msg_twice'));
    await until(async () => (await checks(['waiting', 'active'])).length === 0, 'no check waits');
    const before = await checks();
    const second = await world.http(HOOK, signed('msg_twice'));

    expect([first.body, second.status, second.body]).toEqual([{ repeated: false }, 202, { repeated: true }]);
    expect(before).toEqual(expect.arrayContaining(await checks()));
  });

  test('is in the audit log with its id, once; refused ones are not announced releases', async () => {
    const id = 'msg_audited';
    await world.http(HOOK, signed(id, '{"channel": "hooked"}'));
    await world.http(HOOK, signed(id, '{"channel": "hooked"}'));
    await world.http(HOOK, signed('msg_forged', '', { secret: 'another one!' }));
    const headers = { authorization: 'Bearer a-token' };
    const { entries } = (await world.http('/api/audit?kind=release.announced&limit=500', { headers })).body;
    const by = entries.map((entry: { readonly by: string }) => entry.by);

    expect(entries[0]).toMatchObject({ by: id, trigger: 'webhook', channel: 'hooked', outcome: 'ok' });
    expect(by.filter((each: string) => each === id)).toHaveLength(1);
    expect(by).not.toContain('msg_forged');
  });

  test('every line of the file is a secret, and other sites may send', async () => {
    const request = signed('msg_old_secret', '', { secret: OLDER_SECRET });
    const headers = { ...request.headers, origin: 'https://ci.example.com', 'sec-fetch-site': 'cross-site' };

    expect((await world.http(HOOK, { ...request, headers })).status).toBe(202);
  });

  test.each([
    ['without headers', { method: 'POST' }, /needs the headers of Standard Webhooks: webhook-id/],
    ['with another secret', signed('msg_1', '', { secret: 'another one!' }), /No matching signature/],
    ['with another body', { ...signed('msg_2', '{}'), body: '{"channel": "x"}' }, /No matching signature/],
    ['that is too old', signed('msg_3', '', { at: Date.now() - 310_000 }), /timestamp too old/],
    ['with a long id', signed('x'.repeat(300)), /longer than 256/],
    [
      'with the token only',
      { method: 'POST', headers: { authorization: 'Bearer a-token' } },
      /needs the headers/,
    ],
  ])('refuses a request %s', async (_what, request, detail) => {
    const answer = await world.http(HOOK, request);

    expect([answer.status, answer.body.code]).toEqual([401, 'unauthenticated']);
    expect(answer.body.detail).toMatch(detail);
  });

  test('more than 30 a minute are refused', async () => {
    const statuses: number[] = [];
    for (let index = 0; index < 31; index += 1) {
      statuses.push((await world.http(HOOK, signed(`msg_many_${index}`))).status);
    }

    expect(new Set(statuses)).toEqual(new Set([202, 429]));
  });

  /** The ids of the release checks in these states, or in any. */
  async function checks(states?: JobType[]): Promise<(string | undefined)[]> {
    const queue = new Queue('release-check', { connection: { url: world.redis.url }, prefix: '{skipper}' });
    const jobs = await queue.getJobs(states);
    await queue.close();
    return jobs.filter(({ name }) => name === 'release-check').map(({ id }) => id);
  }
});

test('without a secret, the hook is off and says so', async () => {
  const answer = await world.withApi({}, ({ url }) => world.http(HOOK, { ...signed('msg_off'), url }));

  expect([answer.status, answer.body.code]).toEqual([404, 'hook_off']);
  expect(answer.body.detail).toContain('--hook-secret-file');
});
