import { afterEach, describe, expect, test } from '@jest/globals';
import { EXIT } from '../../../../cli/exit-code.ts';
import { changedRows } from '../../../../cli/status/changed-rows.ts';
import { describeDetail, describeRow, describeWork } from '../../../../cli/status/describe-row.ts';
import { drawFleet } from '../../../../cli/status/draw-fleet.ts';
import { type RowFilter, selectRows } from '../../../../cli/status/select-rows.ts';
import { showStatus, watchStatus } from '../../../../cli/status/status-command.ts';
import { painter } from '../../../../cli/text/paint.ts';
import { createApiClient } from '../../../../client/api-client.ts';
import { applyNews, beginState } from '../../../../client/apply-news.ts';
import type { FleetNews } from '../../../../client/fleet-news.ts';
import {
  type FakeApi,
  type FakeHandler,
  makeFleet,
  makeRow,
  openStream,
  sendJson,
  sendProblem,
  startFakeApi,
} from '../../../support/fake-api.ts';
import { type FakeIo, makeIo } from '../../../support/fake-io.ts';
import { until } from '../../../support/until.ts';
import '../../../support/fake-one-realm.ts';

const ALL: RowFilter = { namespaces: [], status: [], health: [], channel: [], search: '' };
const OLD = '20190215094822-2ace0ea';
const BROKEN = makeRow('broken', {
  status: 'FAILED',
  health: 'degraded',
  cause: 'exceeded quota: pods\x1b[2J',
  since: Date.UTC(2026, 0, 1) - 65_000,
});
const BEHIND = makeRow('behind', {
  status: 'VERSION_MISMATCH',
  health: 'outdated',
  version: OLD,
  channel: 'latest',
});
const RETRYING = makeRow('retrying', {
  health: 'progressing',
  activity: 'retrying',
  attempt: 3,
  detail: 'conflict',
  retryAt: 12_000,
});
const ROWS = [BROKEN, makeRow('healthy'), BEHIND, RETRYING];

let api: FakeApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

async function serve(handlers: Readonly<Record<string, FakeHandler>>) {
  api = await startFakeApi(handlers);
  return createApiClient({ server: api.url, token: undefined });
}

describe('the selected rows', () => {
  test.each<[string, Partial<RowFilter>, string[]]>([
    ['all, by name', {}, ['behind', 'broken', 'healthy', 'retrying']],
    ['by namespace', { namespaces: ['healthy', 'broken'] }, ['broken', 'healthy']],
    ['by status', { status: ['FAILED', 'VERSION_MISMATCH'] }, ['behind', 'broken']],
    ['by health', { health: ['progressing'] }, ['retrying']],
    ['by channel', { channel: ['latest'] }, ['behind']],
    ['by words of the cause, in any case and order', { search: 'PODS quota' }, ['broken']],
    ['by several filters', { health: ['degraded'], channel: ['latest'] }, []],
  ])('%s', (_, filter, expected) => {
    expect(selectRows(ROWS, { ...ALL, ...filter }).map(({ namespace }) => namespace)).toEqual(expected);
  });
});

describe('a row in words', () => {
  test('shows the actual and the wanted version, the activity, and the cause', () => {
    expect(describeRow(BROKEN)).toBe('FAILED 20220808113256-eef68a8; exceeded quota: pods [2J');
    expect(describeRow(BEHIND)).toBe(`VERSION_MISMATCH ${OLD} (wanted: 20220808113256-eef68a8)`);
    expect(describeRow(makeRow('x', { status: 'NOT_FOUND', version: '' }))).toMatch(/^NOT_FOUND no version/);
    expect(describeDetail(RETRYING, 0)).toBe('retrying in 12s (attempt 3): conflict');
    expect(describeDetail(RETRYING, undefined)).toBe('retrying (attempt 3): conflict');
  });

  test('a message that is both detail and cause is shown once', () => {
    const row = makeRow('x', { activity: 'queued', detail: 'conflict', cause: 'conflict' });
    expect(describeDetail(row, undefined)).toBe('queued; last attempt: conflict');
  });

  test('the remaining work is shown with its rollouts', () => {
    const counts = {
      pending: 1,
      running: 1,
      paused: 0,
      completed: 7,
      failed: 1,
      cancelled: 0,
      superseded: 0,
    };
    const rollout = { id: 'r1', trigger: 'api', requestedBy: '', createdAt: 0, versions: [] } as const;
    const summary = {
      ...makeFleet([]).summary,
      queue: { waiting: 1, active: 1, delayed: 0, failed: 4 },
      rollouts: [
        { ...rollout, state: 'running', counts, etaAt: 13_000 },
        { ...rollout, id: 'r0', state: 'failed', counts, etaAt: undefined },
      ] as const,
    };
    expect(describeWork(summary, 1_000)).toBe('2 workers; 2 jobs to do; rollout r1: 8 of 10, about 12s left');
    const paused = summary.rollouts.map((rollout) => ({ ...rollout, state: 'paused' as const }));
    expect(describeWork({ ...summary, rollouts: paused }, 1_000)).toContain('rollout r1: 8 of 10, paused');
  });
});

describe('the state of the fleet', () => {
  const state = beginState(makeFleet(ROWS, { now: 1_000 }), 400);

  test('tracks the offset between the clocks', () => {
    expect(state.clockAheadMs).toBe(600);
    expect(applyNews(state, { kind: 'tick', now: 2_000 }, 3_000).clockAheadMs).toBe(-1_000);
  });

  test('after a reset, only what differs has changed', () => {
    const document = makeFleet([BROKEN, makeRow('healthy', { status: 'FAILED' }), RETRYING, makeRow('new')]);
    const news: FleetNews = { kind: 'document', document };
    const { changed, gone } = changedRows(news, state.rows);
    const next = applyNews(state, news, 0);

    expect(changed.map(({ namespace }) => namespace)).toEqual(['healthy', 'new']);
    expect(gone).toEqual(['behind']);
    expect([...next.rows.keys()]).toEqual(['broken', 'healthy', 'retrying', 'new']);
  });

  test('stores rows, and drops those that no longer exist', () => {
    const event = { position: 'a.2', rows: [makeRow('new')], gone: ['healthy'] };
    const next = applyNews(state, { kind: 'rows', event }, 0);

    expect([...next.rows.keys()]).toEqual(['broken', 'behind', 'retrying', 'new']);
    expect(state.rows.has('healthy')).toBe(true);
  });

  test('is lost until data is received again', () => {
    const connection = { state: 'lost', heardAt: 0, reason: 'ECONNRESET' } as const;
    const lost = applyNews(state, { kind: 'connection', connection }, 0);

    expect(lost.connection).toEqual(connection);
    expect(applyNews(lost, { kind: 'connection', connection: { state: 'live' } }, 0).connection).toEqual({
      state: 'live',
    });
  });
});

describe('one frame of --watch', () => {
  const many = Array.from({ length: 500 }, (_, index) =>
    makeRow(`team-${index}`, { cause: 'x'.repeat(300) }),
  );
  const state = beginState(makeFleet([...many, BROKEN]), 0);
  const screen = { columns: 79, rows: 24, paint: painter({ hasColor: false }) };

  test('fits the terminal, starts with the worst, and shows how many rows it leaves out', () => {
    const lines = drawFleet(state, [...state.rows.values()], screen, state.clockAheadMs);

    expect(lines.length).toBeLessThan(24);
    for (const line of lines) {
      expect(line.length).toBeLessThanOrEqual(79);
      expect(line).not.toContain('\x1b');
    }
    expect(lines[0]).toBe('501 namespaces: 1 degraded, 500 healthy');
    expect(lines[3]).toMatch(/^broken +degraded +FAILED +stable +1m5s +exceeded quota: pods \[2J/);
    expect(lines.at(-1)).toMatch(/^and 48\d more$/);
  });

  test('shows what is stale, and why', () => {
    const connection = { state: 'lost', heardAt: 0, reason: 'ECONNRESET' } as const;
    const stale = { ...state, connection, summary: { ...state.summary, stale: ['Redis is down'] } };
    const text = drawFleet(stale, [], screen, 0).join('\n');

    expect(text).toContain('connection lost, data can be out of date: ECONNRESET');
    expect(text).toContain('Redis is down');
  });

  test('shows what stops deploys, and what to do', () => {
    const notice = { code: 'no_worker', message: 'No worker is alive.', remedy: 'Start one.' } as const;
    const stopped = { ...state, summary: { ...state.summary, notices: [notice] } };

    expect(drawFleet(stopped, [], screen, 0).join('\n')).toContain('No worker is alive. Start one.');
  });
});

describe('skipper status', () => {
  const answers = {
    'GET /api/fleet': ((_, response) => sendJson(response, makeFleet(ROWS))) satisfies FakeHandler,
  };

  test('in a pipe prints rows and nothing else, with timestamps', async () => {
    const io = makeIo({ isInteractive: false });
    const code = await showStatus(await serve(answers), { ...ALL, namespaces: ['broken'] }, 'table', io);

    expect(code).toBe(EXIT.ok);
    expect(io.written().trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^NAMESPACE +HEALTH +STATUS +CHANNEL +VERSION +WANTED +SINCE +DETAIL$/),
      expect.stringMatching(/^broken +degraded +FAILED +stable .* 2025-12-31T23:58:55\.000Z +exceeded quota/),
    ]);
    expect(io.warned()).toBe('');
  });

  test('shows what stops deploys: people see all of it, scripts what somebody has not set on purpose', async () => {
    const notices = [
      { code: 'no_worker', message: 'No worker is alive.', remedy: 'Start one.' },
      { code: 'auto_update_off', message: 'Auto-update is off.', remedy: 'Deploy.' },
    ] as const;
    const fleet = makeFleet(ROWS);
    const client = await serve({
      'GET /api/fleet': (_, response) =>
        sendJson(response, { ...fleet, summary: { ...fleet.summary, notices } }),
    });
    const [terminal, pipe] = [makeIo({ isInteractive: true }), makeIo({ isInteractive: false })];

    await showStatus(client, ALL, 'table', terminal);
    await showStatus(client, ALL, 'table', pipe);

    expect(terminal.written()).toContain('No worker is alive. Start one.\nAuto-update is off. Deploy.\n');
    expect(terminal.warned()).toBe('');
    expect(pipe.warned()).toBe('skipper: No worker is alive. Start one.\n');
  });

  test('on a terminal fits its size, and ends with the totals', async () => {
    const io = makeIo({ isInteractive: true, columns: 80 });
    await showStatus(await serve(answers), ALL, 'table', io);

    for (const line of io.written().split('\n')) expect(line.length).toBeLessThan(80);
    expect(io.written()).toContain('1m5s');
    expect(io.written()).toContain('\n4 namespaces: 1 degraded, 1 outdated, 1 progressing, 1 healthy\n');
  });

  test('for machines prints the fleet with the selected rows', async () => {
    const client = await serve(answers);
    const [json, yaml] = [makeIo(), makeIo()];
    await showStatus(client, { ...ALL, health: ['degraded'] }, 'json', json);
    await showStatus(client, { ...ALL, health: ['degraded'] }, 'yaml', yaml);

    expect(JSON.parse(json.written())).toMatchObject({ position: 'a.1', rows: [{ namespace: 'broken' }] });
    expect(yaml.written()).toContain('rows:\n  - namespace: broken\n');
  });

  test('for machines has ISO times', async () => {
    const client = await serve(answers);
    const [json, yaml] = [makeIo(), makeIo()];
    await showStatus(client, { ...ALL, namespaces: ['broken'] }, 'json', json);
    await showStatus(client, { ...ALL, namespaces: ['broken'] }, 'yaml', yaml);

    expect(JSON.parse(json.written()).rows[0].since).toBe('2025-12-31T23:58:55.000Z');
    expect(yaml.written()).toContain('since: 2025-12-31T23:58:55.000Z');
  });

  test('for spreadsheets prints CSV', async () => {
    const io = makeIo();
    await showStatus(await serve(answers), { ...ALL, namespaces: ['behind', 'broken'] }, 'csv', io);

    const [heads, behind, broken, ...rest] = io.written().split('\r\n');
    expect(heads).toBe('namespace,health,status,channel,version,wanted,since,activity,attempt,detail,cause');
    expect(behind).toMatch(/^behind,outdated,VERSION_MISMATCH,latest,20190215094822-2ace0ea,/);
    expect(broken).toContain(',2025-12-31T23:58:55.000Z,');
    expect(rest).toEqual(['']);
  });

  test('reports an unknown channel, with those in use', async () => {
    const [table, json] = [makeIo(), makeIo()];
    const client = await serve(answers);

    expect(await showStatus(client, { ...ALL, channel: ['nope'] }, 'table', table)).toBe(EXIT.refused);
    expect(await showStatus(client, { ...ALL, channel: ['nope', 'latest'] }, 'json', json)).toBe(
      EXIT.refused,
    );

    expect(table.warned()).toBe('skipper: no namespaces follow the channel "nope"; in use: latest, stable\n');
    expect(json.warned()).toBe(table.warned());
    expect(JSON.parse(json.written()).rows).toHaveLength(1);
  });

  test('reports that no namespace matches', async () => {
    const io = makeIo();

    expect(await showStatus(await serve(answers), { ...ALL, search: 'no such words' }, 'table', io)).toBe(
      EXIT.ok,
    );

    expect(io.warned()).toBe('skipper: no namespaces match\n');
  });

  test('reports an unknown namespace, and shows the others', async () => {
    const io = makeIo();
    const code = await showStatus(
      await serve(answers),
      { ...ALL, namespaces: ['healthy', 'nowhere'] },
      'table',
      io,
    );

    expect(code).toBe(EXIT.refused);
    expect(io.written()).toContain('\nhealthy ');
    expect(io.warned()).toContain('"nowhere" is not a FIAAS namespace');
  });
});

describe('skipper status --watch', () => {
  const FAILED = makeRow('healthy', { status: 'FAILED', health: 'degraded' });

  /** Watches until `isOver`; then the API refuses the connection, which ends the watch. */
  async function watch(format: 'table' | 'json', io: FakeIo, isOver: () => boolean, filter = ALL) {
    let isRefused = false;
    const client = await serve({
      'GET /api/fleet': (_, response) => sendJson(response, makeFleet(ROWS)),
      'GET /api/fleet/events': ({ query }, response) => {
        if (isRefused) return sendProblem(response, 401, { detail: 'over' });
        const send = openStream(response);
        if (query.get('since') !== 'a.1') return;
        send('rows', { position: 'a.2', rows: [FAILED, { ...BROKEN, since: 1 }], gone: [] }, 'a.2');
        send('rows', { position: 'a.3', rows: [], gone: ['behind'] }, 'a.3');
        response.end();
      },
    });
    const ended = expect(watchStatus(client, filter, format, io)).rejects.toThrow('over');
    await until(isOver, 'the watch has shown the change');
    isRefused = true;
    api?.cut();
    await ended;
  }

  test('in a pipe prints one line for each visible change', async () => {
    const io = makeIo({ now: 0 });
    await watch('table', io, () => io.warned().includes('reconnected'));

    expect(io.written().trimEnd().split('\n')).toEqual([
      '1970-01-01T00:00:00.000Z healthy FAILED 20220808113256-eef68a8',
      '1970-01-01T00:00:00.000Z behind is gone',
    ]);
    expect(io.warned()).toMatch(/watching 4 namespaces.*\n.*connection lost.*\n.*reconnected/);
  });

  test('reports a row that no longer matches the filter', async () => {
    const io = makeIo({ now: 0 });
    await watch('table', io, () => io.written() !== '', { ...ALL, status: ['OK'] });

    expect(io.written()).toBe('1970-01-01T00:00:00.000Z healthy no longer matches\n');
  });

  test('for machines prints one document for each change', async () => {
    const io = makeIo({ now: 0 });
    await watch('json', io, () => io.written().includes('gone'));

    expect(
      io
        .written()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { at: '1970-01-01T00:00:00.000Z', namespace: 'healthy', row: FAILED },
      { at: '1970-01-01T00:00:00.000Z', namespace: 'behind', gone: true },
    ]);
  });

  test('on a terminal redraws in place', async () => {
    const io = makeIo({ isInteractive: true, columns: 100 });
    await watch('table', io, () => io.written().includes('3 namespaces'));

    expect(io.written()).toContain('4 namespaces: 1 degraded, 1 outdated, 1 progressing, 1 healthy');
    // Headline, work, headings and four rows: back to the first of them.
    expect(io.written()).toContain('\x1b[7A3 namespaces: 2 degraded, 1 progressing');
  });
});
