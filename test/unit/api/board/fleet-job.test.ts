import { describe, expect, test } from '@jest/globals';
import {
  countFleetStates,
  explain,
  FLEET_STATES,
  fleetStateOf,
  pageOf,
  toFleetJob,
} from '../../../../api/board/fleet-job.ts';
import type { FleetRow } from '../../../../domain/fleet/fleet-row.ts';
import { aFleetRow } from './fleet-rows.ts';

const SEEN_AT = Date.UTC(2026, 0, 1);

test.each([
  ['healthy', 'idle', 'completed'],
  ['degraded', 'idle', 'failed'],
  ['degraded', 'retrying', 'failed'],
  ['unmanaged', 'idle', 'paused'],
  ['outdated', 'idle', 'delayed'],
  ['progressing', 'queued', 'waiting'],
  ['progressing', 'retrying', 'delayed'],
  ['progressing', 'applying', 'active'],
  ['progressing', 'bootstrapping', 'active'],
] as const)('%s and %s is %s', (health, activity, state) => {
  expect(fleetStateOf({ health, activity })).toBe(state);
});

test('every namespace is counted in one state', () => {
  const rows = [
    aFleetRow({ namespace: 'a' }),
    aFleetRow({ namespace: 'b', health: 'degraded' }),
    aFleetRow({ namespace: 'c', health: 'degraded' }),
    aFleetRow({ namespace: 'd', health: 'outdated' }),
  ];

  expect(countFleetStates(rows)).toEqual({
    failed: 2,
    active: 0,
    delayed: 1,
    waiting: 0,
    paused: 0,
    completed: 1,
  });
});

describe('a page', () => {
  const rows = Array.from({ length: 25 }, (_, index) =>
    aFleetRow({
      namespace: `team-${String(index).padStart(2, '0')}`,
      health: index % 5 === 0 ? 'degraded' : 'healthy',
    }),
  );

  test('holds the rows of its state only, from start to end', () => {
    expect(pageOf(rows, ['failed'], 2, 3).map((row) => row.namespace)).toEqual(['team-10', 'team-15']);
  });

  test('of all states shows the first of each, failed before completed', () => {
    const names = pageOf(rows, FLEET_STATES, 0, 1).map((row) => row.namespace);

    expect(names).toEqual(['team-00', 'team-05', 'team-01', 'team-02']);
  });

  test('past the end is empty', () => {
    expect(pageOf(rows, ['failed'], 10, 19)).toEqual([]);
  });

  test('all pages together hold every row once', () => {
    const pages = [0, 10, 20].flatMap((start) => pageOf(rows, ['completed'], start, start + 9));

    expect(new Set(pages.map((row) => row.namespace)).size).toBe(20);
    expect(pages).toHaveLength(20);
  });
});

describe('a job', () => {
  const failing: FleetRow = aFleetRow({
    namespace: 'team-a',
    status: 'UNAVAILABLE',
    health: 'degraded',
    cause: 'pods "fdd" is forbidden: exceeded quota',
    attempt: 3,
    since: SEEN_AT + 1_000,
    code: 'rollout_failed',
    rollout: '2026-r',
    jobId: 'team-a.4',
  });

  test('of a failing namespace has its cause as the reason', () => {
    expect(toFleetJob(failing, SEEN_AT)).toMatchObject({
      id: 'team-a',
      failedReason: 'pods "fdd" is forbidden: exceeded quota',
      attemptsMade: 3,
      timestamp: SEEN_AT + 1_000,
      data: { status: 'UNAVAILABLE', cause: failing.cause, since: '2026-01-01T00:00:01.000Z' },
    });
  });

  test('of an outdated namespace has no failed reason, but its cause in the data', () => {
    const job = toFleetJob(aFleetRow({ health: 'outdated', cause: 'stable is at v2' }), SEEN_AT);

    expect(job.failedReason).toBe('');
    expect(job.data).toMatchObject({ cause: 'stable is at v2' });
  });

  test('in progress shows its activity, and the start of the API if its own start is unknown', () => {
    const row = aFleetRow({ health: 'progressing', activity: 'applying', detail: 'Application' });

    expect(toFleetJob(row, SEEN_AT)).toMatchObject({
      progress: 'applying: Application',
      timestamp: SEEN_AT,
      failedReason: '',
    });
  });

  test('omits empty fields', () => {
    const { data } = toFleetJob(aFleetRow({ channel: '', cause: '' }), SEEN_AT);

    expect(Object.values(data)).not.toContain('');
    expect(Object.values(data)).not.toContain(undefined);
  });

  test.each([
    [{ health: 'healthy' }, 'up to date'],
    [{ health: 'progressing', activity: 'applying', detail: 'Application' }, 'applying: Application'],
    [{ health: 'outdated', wanted: 'v2' }, 'should run v2'],
    [{ health: 'degraded', cause: 'no quota\nat all' }, 'no quota'],
    [{ health: 'degraded', cause: 'x'.repeat(99) }, `${'x'.repeat(59)}…`],
    [{ health: 'degraded', status: 'UNAVAILABLE' }, 'UNAVAILABLE'],
    [{ health: 'unmanaged' }, 'not managed by Skipper'],
  ] as const)('of %j is named "%s"', (fields, name) => {
    expect(toFleetJob(aFleetRow(fields), SEEN_AT).name).toBe(name);
  });

  test('in progress is explained with its activity', () => {
    const row = aFleetRow({
      health: 'progressing',
      activity: 'applying',
      detail: 'Application',
      wanted: 'v2',
    });

    expect(explain(row)).toEqual(['OK: runs v1, should run v2', 'channel stable', 'applying: Application']);
  });

  test('is explained line by line', () => {
    expect(explain(failing)).toEqual([
      'UNAVAILABLE: runs v1',
      'channel stable',
      'since 2026-01-01T00:00:01.000Z',
      'pods "fdd" is forbidden: exceeded quota',
      'attempt 3',
      'latest rollout 2026-r: /api/rollouts/2026-r',
      'latest job team-a.4 in the queue "deploy"',
    ]);
  });
});
