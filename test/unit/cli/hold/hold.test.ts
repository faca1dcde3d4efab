import { afterEach, describe, expect, test } from '@jest/globals';
import { EXIT } from '../../../../cli/exit-code.ts';
import { changeHold } from '../../../../cli/hold/change-hold.ts';
import { ignoreRelease } from '../../../../cli/hold/ignore-release.ts';
import { showHolds, showIgnored } from '../../../../cli/hold/show-holds.ts';
import { createApiClient } from '../../../../client/api-client.ts';
import { type FakeApi, type FakeHandler, sendJson, startFakeApi } from '../../../support/fake-api.ts';
import { makeIo } from '../../../support/fake-io.ts';
import '../../../support/fake-one-realm.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const HOLD = { reason: 'OPS-1', by: 'me', at: NOW - 60_000 };

let api: FakeApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

async function serve(handlers: Readonly<Record<string, FakeHandler>>) {
  api = await startFakeApi(handlers);
  return createApiClient({ server: api.url, token: undefined });
}

const answer =
  (body: unknown): FakeHandler =>
  (_, response) =>
    sendJson(response, body);

describe('a command that changes the hold of a namespace', () => {
  test.each([
    ['pin', { ...HOLD, pin: '2' }, 'team-a is pinned to 2 until it is released.'],
    ['hold', HOLD, 'team-a gets no release automatically until it is released.'],
    [
      'release',
      undefined,
      'team-a is not held any more: the next release check treats it as any other namespace.',
    ],
  ] as const)('%s prints what that means', async (command, hold, expected) => {
    const io = makeIo();
    const client = await serve({
      [`POST /api/namespaces/team-a/${command}`]: answer({ namespace: 'team-a', hold }),
    });
    const body = { reason: 'OPS-1' };

    expect(await changeHold(client, { namespaces: ['team-a'], command, body }, 'table', io)).toBe(EXIT.ok);
    expect(api?.requests[0]?.body).toEqual(body);
    expect(io.written().split('\n')[0]).toBe(expected);
  });

  test('for machines prints the answer', async () => {
    const io = makeIo();
    const client = await serve({
      'POST /api/namespaces/team-a/hold': answer({ namespace: 'team-a', hold: HOLD }),
    });
    const change = { namespaces: ['team-a'], command: 'hold', body: { reason: 'OPS-1' } } as const;
    await changeHold(client, change, 'json', io);

    expect(JSON.parse(io.written())).toMatchObject({ namespace: 'team-a', hold: { by: 'me' } });
  });

  test('takes several namespaces, each once', async () => {
    const io = makeIo();
    const client = await serve({
      'POST /api/namespaces/team-a/release': answer({ namespace: 'team-a' }),
      'POST /api/namespaces/team-b/release': answer({ namespace: 'team-b' }),
    });
    const namespaces = ['team-a', 'team-b', 'team-a'];
    await changeHold(client, { namespaces, command: 'release', body: { reason: 'OPS-1' } }, 'json', io);

    expect(JSON.parse(io.written())).toEqual([{ namespace: 'team-a' }, { namespace: 'team-b' }]);
    expect(api?.requests).toHaveLength(2);
  });
});

describe('skipper holds', () => {
  const holds = [{ namespace: 'team-a', ...HOLD, pin: '2', rolloutId: 'r1' }];

  test('prints who holds what, and why', async () => {
    const io = makeIo({ isInteractive: true, columns: 100, now: NOW });
    await showHolds(await serve({ 'GET /api/holds': answer({ holds }) }), 'table', io);

    expect(io.written()).toBe(
      'NAMESPACE  PIN  SINCE  BY  ROLLOUT  REASON\nteam-a     2    1m     me  r1       OPS-1\n',
    );
  });

  test('as CSV has ISO times', async () => {
    const io = makeIo();
    await showHolds(await serve({ 'GET /api/holds': answer({ holds }) }), 'csv', io);

    expect(io.written()).toBe(
      'namespace,pin,at,by,reason,rolloutId\r\nteam-a,2,2026-01-01T11:59:00.000Z,me,OPS-1,r1\r\n',
    );
  });

  test('without any says so', async () => {
    const io = makeIo();
    await showHolds(await serve({ 'GET /api/holds': answer({ holds: [] }) }), 'table', io);

    expect(io.warned()).toBe('skipper: no namespace is held\n');
  });
});

describe('skipper ignore', () => {
  test.each([
    [
      false,
      'POST /api/ignored-releases',
      { version: '2', reason: 'OPS-1' },
      '2 is not rolled out automatically.',
    ],
    [true, 'POST /api/ignored-releases/2/release', { reason: 'OPS-1' }, '2 is not ignored any more'],
  ])('with --end %s', async (isEnd, route, body, expected) => {
    const io = makeIo();
    const client = await serve({ [route]: answer({}) });

    expect(await ignoreRelease(client, { version: '2', reason: 'OPS-1', isEnd }, 'table', io)).toBe(EXIT.ok);
    expect(api?.requests[0]?.body).toEqual(body);
    expect(io.written()).toContain(expected);
  });

  test('--list prints the ignored versions', async () => {
    const releases = [{ ...HOLD, key: 'k', version: '2' }];
    const io = makeIo({ isInteractive: true, columns: 100, now: NOW });
    await showIgnored(await serve({ 'GET /api/ignored-releases': answer({ releases }) }), 'table', io);

    expect(io.written()).toBe('VERSION  SINCE  BY  REASON\n2        1m     me  OPS-1\n');
  });
});
