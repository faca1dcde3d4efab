import { describe, expect, test } from '@jest/globals';
import { countTargets, type RolloutTarget } from '../../../../domain/rollout/rollout.ts';
import { activityWords } from '../../../../web/fleet/activity-words.ts';
import { keyAction } from '../../../../web/fleet/keyboard.ts';
import { progressOf, shownRollouts } from '../../../../web/fleet/rollout-progress.ts';
import { shareVersions } from '../../../../web/fleet/version-shares.ts';
import { number, percent, requestedBy, statusWords } from '../../../../web/fleet/words.ts';
import { ago, duration, until } from '../../../../web/ui/relative-time.ts';
import { aFleetRow } from '../../../support/builders.ts';

const SECOND = 1_000;
const HOUR = 3_600_000;

describe('time', () => {
  test.each([
    [-5, '0 s'],
    [0, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [HOUR - 1, '59 min'],
    [HOUR, '1 h'],
    [47 * HOUR, '47 h'],
    [48 * HOUR, '2 d'],
  ])('%d ms is %s', (ms, words) => {
    expect(duration(ms)).toBe(words);
  });

  test('is shown relative to the past and the future', () => {
    expect(ago(10_000, 9_000)).toBe('just now');
    expect(ago(100_000, 88_000)).toBe('12 s ago');
    // The clock lags behind the event.
    expect(ago(0, 5_000)).toBe('just now');
    expect(until(0, 12_000)).toBe('in 12 s');
    expect(until(0, 400)).toBe('now');
    expect(until(5_000, 0)).toBe('now');
  });
});

describe('the current activity', () => {
  test.each([
    [{ activity: 'idle' }, '', ''],
    [{ activity: 'queued' }, 'Queued', ''],
    [
      { activity: 'waiting for FDD', detail: 'FDD reported RUNNING' },
      'Waiting for FDD',
      'FDD reported RUNNING',
    ],
    [{ activity: 'applying', detail: 'Applying' }, 'Applying', ''],
    [{ activity: 'applying', attempt: 3 }, 'Applying · attempt 3', ''],
    [{ activity: 'retrying', attempt: 3, retryAt: 12 * SECOND }, 'Retry in 12 s · attempt 3', ''],
    [{ activity: 'retrying', retryAt: -1 }, 'Retry now', ''],
    [{ activity: 'retrying' }, 'Retry is due', ''],
  ] as const)('%j', (row, doing, detail) => {
    expect(activityWords(aFleetRow(row), 0)).toEqual({ doing, detail });
  });
});

describe('words', () => {
  test('distinguish a failed deploy from a failed FDD', () => {
    expect(statusWords({ status: 'OK', health: 'degraded', state: 'failed' })).toEqual({
      word: 'Deploy failed',
      remark: 'FDD is OK',
    });
    expect(statusWords({ status: 'VERSION_MISMATCH', health: 'degraded', state: 'failed' })).toEqual({
      word: 'Deploy failed',
      remark: 'Version mismatch',
    });
    expect(statusWords({ status: 'UNAVAILABLE', health: 'degraded', state: 'failed' })).toEqual({
      word: 'Unavailable',
      remark: '',
    });
    expect(statusWords({ status: 'OK', health: 'healthy', state: 'completed' })).toEqual({
      word: 'OK',
      remark: '',
    });
  });

  test.each([
    ['degraded', 'Degraded', 'FDD is OK'],
    ['outdated', 'Outdated', 'FDD is OK'],
    ['unknown', 'Unknown', 'FDD is OK'],
    ['progressing', 'OK', ''],
    ['healthy', 'OK', ''],
  ] as const)('show what is wrong although FDD is OK: %s', (health, word, remark) => {
    expect(statusWords({ status: 'OK', health, state: 'completed' })).toEqual({ word, remark });
  });

  test('format numbers', () => {
    expect([0, 999, 1_000, 10_000, 1_234_567].map(number)).toEqual([
      '0',
      '999',
      '1,000',
      '10,000',
      '1,234,567',
    ]);
    expect([percent(0, 0), percent(0, 5), percent(1, 1_000), percent(312, 340)]).toEqual([
      '0 %',
      '0 %',
      'under 1 %',
      '92 %',
    ]);
    // Just below 100 % is rounded down.
    expect([percent(9_999, 10_000), percent(5, 5)]).toEqual(['99 %', '100 %']);
  });

  test('show who requested a rollout', () => {
    expect(requestedBy('api', '10.0.0.1')).toBe('requested by 10.0.0.1');
    expect(requestedBy('release', 'release-check')).toBe('new release');
    expect(requestedBy('retry', 'release-check')).toBe('automatic retry of failed deploys');
    expect(requestedBy('board', 'board')).toBe('requested on the board');
  });
});

describe('shares of versions', () => {
  test('are listed one by one up to the number of colours', () => {
    expect(
      shareVersions([
        { version: '1', count: 3 },
        { version: '', count: 1 },
      ]),
    ).toEqual([
      { version: '1', label: '1', count: 3 },
      { version: '', label: 'not running', count: 1 },
    ]);
  });

  test('are combined beyond that number, and none is lost', () => {
    const versions = Array.from({ length: 9 }, (_, index) => ({ version: `v${index}`, count: 9 - index }));

    const shares = shareVersions(versions);

    expect(shares).toHaveLength(5);
    expect(shares[4]).toEqual({ version: undefined, label: '5 others', count: 15 });
    expect(shares.reduce((sum, { count }) => sum + count, 0)).toBe(45);
  });
});

describe('rollouts', () => {
  const rollout = (id: string, state: RolloutTarget['state']) => ({
    id,
    trigger: 'api' as const,
    requestedBy: '',
    createdAt: 0,
    versions: [],
    state,
    counts: countTargets([]),
    etaAt: undefined,
  });

  test('are shown while in progress; otherwise the latest one is shown', () => {
    const [a, b, c] = [rollout('a', 'failed'), rollout('b', 'running'), rollout('c', 'completed')];

    expect(shownRollouts([a, b, c])).toEqual([b]);
    expect(shownRollouts([a, c])).toEqual([a]);
    expect(shownRollouts([])).toEqual([]);
  });

  test('show their progress in parts that add up', () => {
    const states = ['completed', 'completed', 'failed', 'pending'] as const;
    const progress = progressOf(countTargets(states.map((state) => ({ state }))));

    expect(progress.total).toBe(4);
    expect(progress.parts.reduce((sum, { count }) => sum + count, 0)).toBe(4);
    expect(progress.inWords).toBe('2 done · 1 failed · 1 waiting');
  });
});

describe('keys', () => {
  test.each([
    ['/', 'page', 'search'],
    ['j', 'page', 'next'],
    ['ArrowUp', 'page', 'previous'],
    ['Enter', 'page', 'open'],
    ['Enter', 'control', undefined],
    ['x', 'control', 'check'],
    ['X', 'page', 'check-range'],
    ['d', 'field', undefined],
    ['Escape', 'field', 'clear'],
    ['ArrowDown', 'field', undefined],
    ['ArrowDown', 'search', 'next'],
    ['Enter', 'search', 'next'],
    ['Escape', 'search', 'clear'],
    ['j', 'search', undefined],
    ['?', 'page', 'help'],
    ['q', 'page', undefined],
    ['constructor', 'page', undefined],
  ] as const)('%s at a %s means %s', (key, at, action) => {
    expect(keyAction({ key, at, hasModifier: false })).toBe(action);
  });

  test('with a modifier are left to the browser', () => {
    expect(keyAction({ key: 'd', at: 'page', hasModifier: true })).toBeUndefined();
  });
});
