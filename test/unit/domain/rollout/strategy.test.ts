import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { resolveStrategy, Strategy } from '../../../../domain/rollout/strategy.ts';

const RELEASE = Strategy.parse({ type: 'Progressive' });

function progressive(fields: object): Strategy {
  return Strategy.parse({ type: 'Progressive', ...fields });
}

function sizes(strategy: Strategy, total: number, matched?: number): number[] {
  return resolveStrategy(strategy, total, matched).waves.map(({ size }) => size);
}

describe('Strategy', () => {
  test('is the one of releases if only the type Progressive is given', () => {
    expect(RELEASE).toEqual({
      type: 'Progressive',
      canary: 1,
      waves: ['5%', '25%', '100%'],
      maxConcurrency: 50,
      minSuccessTime: '60s',
      progressDeadline: '5m',
      maxFailures: '2%',
      approval: false,
      newerRelease: 'replace',
    });
  });

  test('stays the same when it is stored and read again', () => {
    expect(Strategy.parse(JSON.parse(JSON.stringify(RELEASE)))).toEqual(RELEASE);
  });

  test.each<[string, object, string]>([
    ['an unknown type', { type: 'Some' }, 'must have the type All or Progressive'],
    ['a field that All does not have', { type: 'All', canary: 1 }, 'Unrecognized key: "canary"'],
    [
      'a negative canary',
      { type: 'Progressive', canary: -1 },
      'must be a number of namespaces, {names: [team-a]}, or {selector: {tier: canary}} for labels of the Namespace',
    ],
    [
      'a selector without labels',
      { type: 'Progressive', canary: { selector: {} } },
      'must have at least one label',
    ],
    ['no waves', { type: 'Progressive', waves: [] }, 'must have at least one wave'],
    [
      'a wave beyond all',
      { type: 'Progressive', waves: ['101%'] },
      'must be a whole number of at least 1, or a percentage such as 5%',
    ],
    [
      'percentages that fall',
      { type: 'Progressive', waves: ['50%', '25%'] },
      'must be more than 50%: waves are cumulative',
    ],
    [
      'counts that do not rise',
      { type: 'Progressive', waves: [5, '50%', 5] },
      'must be more than 5: waves are cumulative',
    ],
    [
      'no concurrency',
      { type: 'Progressive', maxConcurrency: 0 },
      'must be a whole number of at least 1, or a percentage such as 5%',
    ],
    ...['60', 60, '1h30m', '-5s', '5 m', 's', '1y', ''].map((minSuccessTime): [string, object, string] => [
      `the duration ${JSON.stringify(minSuccessTime)}`,
      { type: 'Progressive', minSuccessTime },
      'must be a duration with its unit, such as 30s, 5m or 1h',
    ]),
  ])('refuses %s', (_what, strategy, message) => {
    expect(Strategy.safeParse(strategy).error?.issues.map((issue) => issue.message)).toEqual([message]);
  });
});

describe('resolveStrategy', () => {
  test('resolves the strategy of releases for 200 targets', () => {
    expect(resolveStrategy(RELEASE, 200)).toEqual({
      type: 'Progressive',
      waves: [
        { size: 1, isCanary: true, maxFailures: 0 },
        { size: 9, isCanary: false, maxFailures: 1 },
        { size: 40, isCanary: false, maxFailures: 1 },
        { size: 150, isCanary: false, maxFailures: 3 },
      ],
      maxConcurrency: 50,
      maxFailures: 4,
      minSuccessMs: 60_000,
      progressDeadlineMs: 300_000,
      approval: false,
    });
  });

  test('resolves All to one wave that begins immediately', () => {
    expect(resolveStrategy({ type: 'All' }, 7)).toEqual({
      type: 'All',
      waves: [{ size: 7, isCanary: false, maxFailures: 0 }],
      maxConcurrency: 7,
      maxFailures: 0,
      minSuccessMs: 0,
      approval: false,
    });
  });

  test.each([
    ['10 targets: 5 % of them is the canary', {}, 10, undefined, [1, 2, 7]],
    ['one target', {}, 1, undefined, [1]],
    ['no target', {}, 0, undefined, []],
    ['10,000 targets', {}, 10_000, undefined, [1, 499, 2_000, 7_500]],
    ['no canary', { canary: 0 }, 200, undefined, [10, 40, 150]],
    ['more canaries than targets', { canary: 5 }, 3, undefined, [3]],
    ['named canaries', { canary: { names: ['a', 'b', 'c'] } }, 200, 2, [2, 8, 40, 150]],
    ['named canaries that are not targets', { canary: { names: ['a'] } }, 200, 0, [1, 9, 40, 150]],
    ['selected canaries', { canary: { selector: { tier: 'canary' } } }, 200, 20, [20, 30, 150]],
    ['counts', { canary: 0, waves: [5, 20] }, 50, undefined, [5, 15, 30]],
    [
      'counts and percentages that cross',
      { canary: 0, waves: [30, '10%', '100%'] },
      100,
      undefined,
      [30, 70],
    ],
    ['percentages that do not reach all', { canary: 0, waves: ['50%'] }, 10, undefined, [5, 5]],
    [
      'a percentage that floating point cannot hold',
      { canary: 0, waves: ['8.8%'] },
      375,
      undefined,
      [33, 342],
    ],
  ])('divides %s', (_what, fields, total, matched, expected) => {
    expect(sizes(progressive(fields), total, matched)).toEqual(expected);
  });

  test.each([
    ['2%', 10, 1],
    ['2%', 200, 4],
    ['2%', 249, 4],
    ['0%', 200, 0],
    [0, 200, 0],
    [3, 200, 3],
  ])('allows of maxFailures %s and %d targets %d failures in all', (maxFailures, total, expected) => {
    expect(resolveStrategy(progressive({ maxFailures }), total).maxFailures).toBe(expected);
  });

  test.each([
    ['1%', 10, 1],
    ['25%', 10, 3],
    [50, 10, 50],
  ])('admits of maxConcurrency %s and %d targets %d at a time', (maxConcurrency, total, expected) => {
    expect(resolveStrategy(progressive({ maxConcurrency }), total).maxConcurrency).toBe(expected);
  });

  test.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['1.5m', 90_000],
    ['1h', 3_600_000],
    ['0s', 0],
  ])('reads %s as %d ms', (minSuccessTime, expected) => {
    expect(resolveStrategy(progressive({ minSuccessTime }), 1).minSuccessMs).toBe(expected);
  });

  test('puts each target into exactly one wave, and none is empty', () => {
    const part = fc.oneof(
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 0, max: 100 }).map((n) => `${n}%`),
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1 }), fc.nat(300), fc.nat(300), (waves, canary, total) => {
        const parsed = Strategy.safeParse({ type: 'Progressive', waves, canary });
        if (!parsed.success) return;

        const resolved = sizes(parsed.data, total);

        expect(resolved.reduce((sum, size) => sum + size, 0)).toBe(total);
        expect(resolved.every((size) => size > 0)).toBe(true);
      }),
    );
  });
});
