import { afterEach, describe, expect, test } from '@jest/globals';
import { EXIT } from '../../../../cli/exit-code.ts';
import { listQuarantine } from '../../../../cli/heal/list-quarantine.ts';
import { releaseQuarantine } from '../../../../cli/heal/release-quarantine.ts';
import { showHealing } from '../../../../cli/heal/show-healing.ts';
import { switchHealing } from '../../../../cli/heal/switch-healing.ts';
import { createApiClient } from '../../../../client/api-client.ts';
import type { HealingEntry, HealingList } from '../../../../domain/heal/healing-view.ts';
import { type FakeApi, type FakeHandler, sendJson, startFakeApi } from '../../../support/fake-api.ts';
import { makeIo } from '../../../support/fake-io.ts';
import { aHealing, aStatus, MINUTE, NOW } from '../../../support/healing-builders.ts';
import '../../../support/fake-one-realm.ts';

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

const SICK: HealingEntry = {
  namespace: 'team-a',
  ...aHealing({ reason: 'a restart did not help', nextMeans: 'deploy', nextAt: NOW + MINUTE }),
};

function aList(fields: Partial<HealingList> = {}): HealingList {
  return {
    status: aStatus(),
    isStale: false,
    states: { waiting: 1 },
    namespaces: [SICK],
    total: 1,
    ...fields,
  };
}

async function show(list: HealingList, format: 'table' | 'json' | 'csv' = 'table') {
  const io = makeIo({ isInteractive: true, columns: 120, now: NOW });
  const client = await serve({ 'GET /api/healing': answer(list) });
  expect(await showHealing(client, { filter: {}, format }, io)).toBe(EXIT.ok);
  return io;
}

describe('skipper heal status', () => {
  test('prints the latest pass, and what is not well', async () => {
    expect((await show(aList())).written()).toBe(
      `Healing is on.
1 of 200 namespaces not well; 3 of at most 20 healed within the last hour.
Rules: crash-loop 1.

NAMESPACE  STATE    FOR  RULE        NEXT                        STEPS  WHY
team-a     waiting  5m   crash-loop  deploy again with a new id  0      a restart did not help
`,
    );
  });

  test.each([
    ['no pass', { status: null, isStale: true }, /^Unknown: no pass of healing is known/],
    ['off', { status: aStatus({ mode: 'off' }) }, /^Healing is off\. No rule is checked/],
    ['report', { status: aStatus({ mode: 'report' }) }, /^Healing only reports\. Nothing is done/],
    [
      'an old pass',
      { status: aStatus({ checkedAt: NOW - 2 * MINUTE }), isStale: true },
      /^Unknown: the latest pass was 2m ago/,
    ],
    [
      'the stop valve',
      { status: aStatus({ stopped: { at: NOW, reason: '41 fell sick' } }) },
      /^Healing was stopped automatically at 2026-11-29 08:00:00 UTC, nothing is repaired: 41 fell sick$/m,
    ],
    [
      'a stop by a person',
      { status: aStatus({ stopped: { at: NOW, by: 'jo', reason: 'OPS-17' } }) },
      /^Healing was stopped by jo at /m,
    ],
    ['deaf that is not watched', { status: aStatus({ isDeafKnown: false }) }, /^The rule deaf is unknown/m],
  ])('says so: %s', async (_what, fields: Partial<HealingList>, words) => {
    expect((await show(aList(fields))).written()).toMatch(words);
  });

  test('only names what is well again, below the table', async () => {
    const well = (namespace: string) => ({
      ...SICK,
      namespace,
      ...aHealing({ state: 'watching', findings: [], wellSince: NOW, reason: 'well' }),
    });
    const written = (await show(aList({ namespaces: [SICK, well('team-b'), well('team-c')] }))).written();

    expect(written).toMatch(
      /^team-a .*\n\nWell again, what was done is remembered for some time: team-b, team-c\.\n$/m,
    );
    expect(written).not.toMatch(/^team-b/m);
  });

  test('says what was seen if it would be repaired', async () => {
    const reported = { ...SICK, ...aHealing({ state: 'reported', reason: 'would restart FDD' }) };

    expect((await show(aList({ namespaces: [reported] }))).written()).toContain(
      'would restart FDD: crash-loop was seen',
    );
  });

  test('reads all pages, filtered', async () => {
    const pages: FakeHandler = ({ query }, response) => {
      const isFirst = query.get('cursor') === null;
      const namespaces = [{ ...SICK, namespace: isFirst ? 'team-a' : 'team-b' }];
      sendJson(response, {
        ...aList({ namespaces, total: 2 }),
        ...(isFirst ? { next: 'waiting/team-a' } : {}),
      });
    };
    const io = makeIo();
    const client = await serve({ 'GET /api/healing': pages });
    await showHealing(client, { filter: { state: 'waiting' }, format: 'json' }, io);

    const printed = JSON.parse(io.written());
    expect(printed.namespaces.map(({ namespace }: HealingEntry) => namespace)).toEqual(['team-a', 'team-b']);
    expect(printed.next).toBeUndefined();
    expect(api?.requests.map(({ query }) => query.toString())).toEqual([
      'state=waiting&limit=1000',
      'state=waiting&limit=1000&cursor=waiting%2Fteam-a',
    ]);
  });

  test('as CSV has ISO times', async () => {
    expect((await show(aList(), 'csv')).written()).toBe(
      'namespace,state,since,rule,evidence,nextMeans,nextAt,steps,reason\r\n' +
        'team-a,waiting,2026-11-29T07:55:00.000Z,crash-loop,crash-loop was seen,deploy,2026-11-29T08:01:00.000Z,0,a restart did not help\r\n',
    );
  });

  test('without any says so', async () => {
    expect((await show(aList({ namespaces: [], total: 0 }))).warned()).toBe('skipper: no namespaces match\n');
  });
});

describe('skipper heal stop and resume', () => {
  test.each([
    [
      'stop',
      'on',
      'Healing is stopped: nothing is repaired until it is resumed.\nend it with: skipper heal resume\n',
    ],
    ['resume', 'on', 'Healing is resumed: what is not well is repaired again within seconds.\n'],
    [
      'resume',
      'report',
      'Healing is resumed: what is not well is repaired again within seconds.\nThe mode of healing is report (--heal report): nothing is repaired anyway.\n',
    ],
  ] as const)('%s in the mode %s', async (command, mode, words) => {
    const io = makeIo();
    const client = await serve({ [`POST /api/healing/${command}`]: answer({ status: aStatus({ mode }) }) });

    expect(await switchHealing(client, { command, reason: 'OPS-17' }, 'table', io)).toBe(EXIT.ok);
    expect(api?.requests[0]?.body).toEqual({ reason: 'OPS-17' });
    expect(io.written()).toBe(words);
  });

  test('resume says if nothing was stopped', async () => {
    const io = makeIo();
    const client = await serve({
      'POST /api/healing/resume': answer({ status: aStatus(), isUnchanged: true }),
    });

    await switchHealing(client, { command: 'resume', reason: 'OPS-17' }, 'table', io);
    expect(io.written()).toBe('Healing was not stopped: nothing is resumed.\n');
  });
});

describe('skipper quarantine', () => {
  const quarantined = {
    namespace: 'team-a',
    since: NOW - MINUTE,
    rule: 'oom',
    reason: 'nothing helped',
    evidence: 'exit code 137',
    cause: 'c',
    steps: [
      { at: 1, means: 'restart', rule: 'oom' },
      { at: 2, means: 'deploy', rule: 'oom' },
    ],
  };

  test('list prints what was given up, and why', async () => {
    const io = makeIo({ isInteractive: true, columns: 130, now: NOW });
    await listQuarantine(
      await serve({ 'GET /api/quarantine': answer({ namespaces: [quarantined] }) }),
      'table',
      io,
    );

    expect(io.written()).toMatch(
      /^team-a +1m +oom +restart FDD, deploy again with a new id +nothing helped +exit code 137$/m,
    );
  });

  test('list without any says so', async () => {
    const io = makeIo();
    await listQuarantine(await serve({ 'GET /api/quarantine': answer({ namespaces: [] }) }), 'table', io);

    expect([io.written(), io.warned()]).toEqual(['', 'skipper: no namespace is in quarantine\n']);
  });

  test.each([
    [
      { released: ['team-a'], unknown: ['team-b'] },
      EXIT.ok,
      /^team-a is released from quarantine\.\nHealing begins/,
    ],
    [{ released: [], unknown: ['team-b'] }, EXIT.refused, /^$/],
  ])('release answers %j', async (body, code, words) => {
    const io = makeIo();
    const client = await serve({ 'POST /api/quarantine/release': answer(body) });
    const release = { namespaces: ['team-a', 'team-b'], reason: 'OPS-17' };

    expect(await releaseQuarantine(client, release, 'table', io)).toBe(code);
    expect(api?.requests[0]?.body).toEqual(release);
    expect(io.written()).toMatch(words);
    expect(io.warned()).toBe('skipper: team-b is not in quarantine\n');
  });
});
