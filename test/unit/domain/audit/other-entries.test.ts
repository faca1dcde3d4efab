import { describe, expect, test } from '@jest/globals';
import {
  failingEntry,
  holdEntries,
  recoveredEntry,
  releaseHoldEntries,
} from '../../../../domain/audit/namespace-entries.ts';
import { outageEndEntry, outageEntry, pastOutageEntry } from '../../../../domain/audit/outage-entries.ts';
import { boardEntry, planEntry, refusalEntry } from '../../../../domain/audit/person-entries.ts';
import {
  allowEntry,
  announcedEntry,
  foundEntries,
  ignoreEntry,
} from '../../../../domain/audit/release-entries.ts';

const JO = { by: 'jo', trigger: 'api', from: '10.0.0.1' } as const;
const RUN = { namespace: 'a', rolloutId: 'r1', trigger: 'release', version: 'v2', reason: 'why' };

describe('namespaces', () => {
  test('that are held and pinned are different kinds', () => {
    const hold = { at: 1, by: 'jo', reason: 'freeze' };

    expect(holdEntries(['a'], hold, JO)).toMatchObject([{ kind: 'namespace.held', ...JO, reason: 'freeze' }]);
    expect(holdEntries(['a'], { ...hold, pin: 'v1' }, JO)).toMatchObject([
      { kind: 'namespace.pinned', release: 'v1' },
    ]);
    expect(releaseHoldEntries(['a'], hold, JO)).toMatchObject([{ kind: 'namespace.released', count: 1 }]);
  });

  test('that are held and released are all named, however many they are', () => {
    const hold = { at: 1, by: 'jo', reason: 'freeze' };
    const names = Array.from({ length: 45 }, (_, index) => `team-${100 + index}`);

    for (const entries of [holdEntries(names, hold, JO), releaseHoldEntries(names, hold, JO)]) {
      expect(entries.map(({ count }) => count)).toEqual([20, 20, 5]);
      expect(entries.flatMap(({ namespaces }) => namespaces)).toEqual(names);
    }
  });

  test('that fail have the cause, and those that recover do not', () => {
    expect(failingEntry({ ...RUN, cause: 'c' }, 3)).toMatchObject({
      at: 3,
      kind: 'namespace.failing',
      by: 'skipper',
      trigger: 'release',
      cause: 'c',
      outcome: 'failed',
    });
    expect(recoveredEntry(RUN, 3)).toMatchObject({ kind: 'namespace.recovered', outcome: 'ok' });
  });

  test('of a request whose trigger is unknown have none', () => {
    expect(recoveredEntry({ ...RUN, trigger: '' }, 3)).not.toHaveProperty('trigger');
  });
});

describe('channels', () => {
  test('that have moved are found, not those that are new or unchanged', () => {
    const before = new Map([
      ['stable', 'v1'],
      ['beta', 'v5'],
    ]);
    const after = new Map([...before, ['stable', 'v2'], ['new', 'v9']]);

    expect(foundEntries(before, after, 4)).toEqual([
      {
        at: 4,
        kind: 'release.found',
        by: 'skipper',
        trigger: 'release',
        channel: 'stable',
        release: 'v2',
        reason: 'channel "stable" moved from v1 to v2',
        outcome: 'ok',
      },
    ]);
  });

  test('that are checked because of a webhook name its id', () => {
    expect(announcedEntry({ id: 'msg_1', from: '10.0.0.7' }, 4)).toEqual({
      at: 4,
      kind: 'release.announced',
      by: 'msg_1',
      trigger: 'webhook',
      from: '10.0.0.7',
      reason: 'a release was announced: the channels are checked',
      outcome: 'ok',
    });
  });

  test('can have releases that are ignored and allowed', () => {
    const ignored = { at: 1, by: 'jo', version: 'v3', reason: 'broken' };

    expect(ignoreEntry(ignored, JO)).toMatchObject({ kind: 'release.ignored', release: 'v3' });
    expect(allowEntry(ignored, JO)).toMatchObject({ kind: 'release.allowed', release: 'v3' });
  });
});

describe('requests', () => {
  const answered = { at: 1, method: 'PUT', path: '/queues/api/queues/deploy/pause' };

  test.each([
    [200, 'ok'],
    [409, 'refused'],
    [503, 'failed'],
  ])('to the board that are answered with %i are %s', (status, outcome) => {
    expect(boardEntry({ ...answered, status }, JO)).toMatchObject({ kind: 'board.action', outcome });
  });

  test('that are refused have the cause', () => {
    expect(refusalEntry({ ...answered, status: 401, cause: 'no token' }, JO)).toMatchObject({
      kind: 'request.refused',
      cause: 'no token',
      outcome: 'refused',
    });
  });

  test('for a plan name the plan', () => {
    expect(planEntry({ at: 1, id: 'plan-1', namespaces: ['a'], reason: 'try' }, JO)).toMatchObject({
      kind: 'plan.made',
      reason: 'plan plan-1: try',
    });
  });
});

test('an outage has its beginning, and its end when and how long it was', () => {
  const outage = { kind: 'cluster', beganAt: 0, reason: 'no route' } as const;

  expect(outageEntry(outage, 60_000)).toMatchObject({ kind: 'outage.cluster', outcome: 'failed' });
  expect(outageEndEntry(outage, 90_000)).toMatchObject({
    kind: 'outage.ended',
    reason:
      'the Kubernetes API was unreachable from 1970-01-01 00:00:00 UTC until 1970-01-01 00:01:30 UTC (1m 30s): no route',
  });
  expect(pastOutageEntry({ ...outage, kind: 'redis' }, 90_000)).toMatchObject({
    kind: 'outage.redis',
    outcome: 'ok',
    reason:
      'Redis was unreachable from 1970-01-01 00:00:00 UTC until 1970-01-01 00:01:30 UTC (1m 30s): no route',
    cause: 'no route',
  });
});
