import { afterEach, describe, expect, test } from '@jest/globals';
import { EXIT } from '../../../../cli/exit-code.ts';
import { showReceivers } from '../../../../cli/notify/show-receivers.ts';
import { testReceivers } from '../../../../cli/notify/test-receivers.ts';
import { createApiClient } from '../../../../client/api-client.ts';
import { type FakeApi, type FakeHandler, sendJson, startFakeApi } from '../../../support/fake-api.ts';
import { makeIo } from '../../../support/fake-io.ts';
import '../../../support/fake-one-realm.ts';

let api: FakeApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

async function serve(path: string, body: unknown) {
  const answer: FakeHandler = (_, response) => sendJson(response, body);
  api = await startFakeApi({ [path]: answer });
  return createApiClient({ server: api.url, token: undefined });
}

const TEST = {
  results: [
    { receiver: 'ops', delivered: true },
    { receiver: 'hook', delivered: false, error: 'the receiver answered HTTP 500' },
  ],
};

describe('notify test', () => {
  test('shows the result of each receiver, and fails if one did not take it', async () => {
    const io = makeIo();
    const client = await serve('POST /api/notifications/test', TEST);

    expect(await testReceivers(client, { receiver: undefined, format: 'table' }, io)).toBe(EXIT.failed);
    expect(io.written()).toBe('ops: delivered\nhook: not delivered: the receiver answered HTTP 500\n');
    expect(api?.requests[0]?.body).toEqual({});
  });

  test('tests one receiver', async () => {
    const io = makeIo();
    const client = await serve('POST /api/notifications/test', { results: TEST.results.slice(0, 1) });

    expect(await testReceivers(client, { receiver: 'ops', format: 'json' }, io)).toBe(EXIT.ok);
    expect(api?.requests[0]?.body).toEqual({ receiver: 'ops' });
    expect(JSON.parse(io.written())).toEqual({ results: [{ receiver: 'ops', delivered: true }] });
  });
});

describe('notify list', () => {
  const list = {
    receivers: [
      {
        name: 'ops',
        type: 'slack',
        events: ['rollout-paused', 'quarantined'],
        isSigned: false,
        isSilenced: true,
      },
      {
        name: 'hook',
        type: 'webhook',
        events: ['rollout-paused'],
        isSigned: true,
        isSilenced: false,
        deliveredAt: 1_700_000_000_000,
        failed: { at: 1_700_000_000_000, reason: 'the receiver answered HTTP 500' },
      },
    ],
    problem: 'line 1: receivers must be a list; the file that was read before stays in use',
  };

  test('shows the receivers and what is wrong with the file', async () => {
    const io = makeIo();
    const client = await serve('GET /api/notifications', list);

    expect(await showReceivers(client, 'table', io)).toBe(EXIT.ok);
    expect(
      io
        .written()
        .split('\n')
        .map((line) => line.replace(/ +/g, ' ').trim()),
    ).toEqual([
      'RECEIVER TYPE SILENCED DELIVERED LAST FAILURE EVENTS',
      'ops slack now never - rollout-paused quarantined',
      'hook webhook, signed - 2023-11-14T22:13:20.000Z 2023-11-14T22:13:20.000Z: the receiver answered HTTP 500 rollout-paused',
      '',
    ]);
    expect(io.warned()).toBe(`skipper: ${list.problem}\n`);
  });

  test('as CSV has one row for each receiver', async () => {
    const io = makeIo();
    const client = await serve('GET /api/notifications', list);
    await showReceivers(client, 'csv', io);

    expect(io.written().trimEnd().split(/\r?\n/)).toHaveLength(3);
  });
});
