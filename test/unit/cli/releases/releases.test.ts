import { afterEach, describe, expect, test } from '@jest/globals';
import { EXIT } from '../../../../cli/exit-code.ts';
import { describeSchedule, isChecked, showReleases } from '../../../../cli/releases/releases-command.ts';
import { createApiClient } from '../../../../client/api-client.ts';
import type { ChannelSummary } from '../../../../domain/fleet/fleet-summary.ts';
import { type FakeApi, sendJson, startFakeApi } from '../../../support/fake-api.ts';
import { makeIo } from '../../../support/fake-io.ts';

const NOW = Date.UTC(2026, 0, 1);
const STABLE: ChannelSummary = {
  channel: 'stable',
  namespaces: 12,
  version: '20220808113256-eef68a8',
  checkedAt: NOW - 5_000,
  problem: undefined,
  updated: '2022-08-08T11:44:33Z',
};
const BROKEN: ChannelSummary = {
  channel: 'broken',
  namespaces: 1,
  version: '',
  checkedAt: undefined,
  problem: 'release channel "broken" does not exist',
  updated: undefined,
};

let api: FakeApi | undefined;
afterEach(async () => {
  await api?.close();
});

/** Each check updates the time of the channels. */
async function serve() {
  let checks = 0;
  api = await startFakeApi({
    'GET /api/releases': (_, response) =>
      sendJson(response, {
        channels: [BROKEN, { ...STABLE, checkedAt: NOW - 5_000 + checks * 4_000 }],
        checkIntervalSeconds: 60,
      }),
    'POST /api/releases/check': (_, response) => {
      checks += 1;
      sendJson(response, { jobId: '1', links: {} }, 202);
    },
  });
  return createApiClient({ server: api.url, token: undefined });
}

describe('skipper releases', () => {
  test('lists each channel, on a terminal and in a pipe', async () => {
    const client = await serve();
    const [terminal, pipe] = [makeIo({ isInteractive: true, columns: 140, now: NOW }), makeIo({ now: NOW })];

    expect(await showReleases(client, { format: 'table', check: false }, terminal)).toBe(EXIT.ok);
    expect(await showReleases(client, { format: 'table', check: false }, pipe)).toBe(EXIT.ok);

    expect(terminal.written()).toMatch(/^broken +- +1 +- +never +release channel "broken" does not exist$/m);
    expect(terminal.written()).toMatch(
      /^stable +20220808113256-eef68a8 +12 +2022-08-08T11:44:33Z +5s ago +-$/m,
    );
    expect(pipe.written()).toContain('2025-12-31T23:59:55.000Z');
  });

  test('--check checks them first', async () => {
    const io = makeIo({ isInteractive: true, columns: 140, now: NOW });

    expect(await showReleases(await serve(), { format: 'table', check: true }, io)).toBe(EXIT.ok);

    expect(io.written()).toContain('1s ago');
    expect(api?.requests.map(({ method }) => method)).toEqual(['GET', 'POST', 'GET']);
  });
});

describe('the schedule of the checks', () => {
  const on = { autoUpdate: true, intervalSeconds: 60, nextAt: NOW + 12_000 };

  test.each([
    ['on', on, 'Auto-update is on; channels are checked every 60 s, the next time in 12s'],
    [
      'off',
      { ...on, autoUpdate: false },
      'Auto-update is off: deploys start only on request; channels are checked every 60 s, the next time in 12s',
    ],
    [
      'overdue',
      { ...on, nextAt: NOW - 90_000 },
      'Auto-update is on; channels are checked every 60 s; the next check is due since 1m30s',
    ],
    ['unknown', undefined, 'Release channels are not checked: no worker has started yet'],
  ])('%s', (_what, schedule, words) => {
    expect(describeSchedule(schedule, { now: NOW, forPeople: true })).toBe(words);
  });

  test('is not printed among the rows in a pipe', async () => {
    const io = makeIo({ now: NOW });

    await showReleases(await serve(), { format: 'table', check: false }, io);

    expect(io.written().split('\n')).toHaveLength(4);
    expect(io.warned()).toContain('no worker has started yet');
  });
});

describe('a check has finished', () => {
  const later = { ...STABLE, checkedAt: NOW };

  test.each<[string, readonly ChannelSummary[], readonly ChannelSummary[], number, boolean]>([
    ['not while a channel has its old time', [STABLE], [STABLE], 20_000, false],
    ['when all channels have a new time', [STABLE], [later], 0, true],
    ['when all other channels have a problem', [STABLE, BROKEN], [later, BROKEN], 0, true],
    [
      'not while a channel without a problem has its old time',
      [STABLE, BROKEN],
      [STABLE, BROKEN],
      20_000,
      false,
    ],
    ['not immediately if all channels have a problem', [BROKEN], [BROKEN], 0, false],
    ['after a while if all channels have a problem', [BROKEN], [BROKEN], 6_000, true],
    ['immediately without channels', [], [], 0, true],
    ['when a new channel was read', [], [later], 0, true],
  ])('%s', (_, before, after, elapsedMs, expected) => {
    expect(isChecked(before, after, elapsedMs)).toBe(expected);
  });
});
