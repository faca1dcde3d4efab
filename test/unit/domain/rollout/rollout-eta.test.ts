import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { estimateEnd, type ProgressSample, withSample } from '../../../../domain/rollout/rollout-eta.ts';

function samples(...of: (readonly [at: number, done: number])[]): readonly ProgressSample[] {
  return of.reduce<readonly ProgressSample[]>((known, [at, done]) => withSample(known, { at, done }), []);
}

describe('estimateEnd', () => {
  test('continues at the measured pace', () => {
    expect(estimateEnd(samples([0, 0], [5_000, 50], [10_000, 100]), 200)).toBe(30_000);
  });

  test('uses only the last minute', () => {
    const known = samples([0, 0], [10_000, 1_000], [30_000, 1_000], [60_000, 1_030], [90_000, 1_060]);

    expect(estimateEnd(known, 60)).toBe(150_000);
  });

  test.each([
    ['there are no samples', samples(), 10],
    ['there is only one sample', samples([0, 0]), 10],
    ['the samples cover only a moment', samples([0, 0], [1_000, 10]), 10],
    ['no target ends', samples([0, 5], [10_000, 5]), 10],
    ['no target has ended for a minute', samples([0, 0], [1_000, 5], [70_000, 5], [140_000, 5]), 10],
    ['no target has ended for three times as long as usual', samples([0, 0], [10_000, 10], [14_000, 10]), 10],
    ['no targets remain', samples([0, 0], [10_000, 10]), 0],
  ])('is unknown if %s', (_what, known, remaining) => {
    expect(estimateEnd(known, remaining)).toBeUndefined();
  });

  test('is after the last sample, and later if more targets remain', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 100, max: 20_000 }), fc.nat({ max: 50 })), { minLength: 2 }),
        fc.integer({ min: 1, max: 10_000 }),
        (steps, remaining) => {
          let [at, done] = [0, 0];
          let known: readonly ProgressSample[] = [];
          for (const [ms, more] of steps) {
            at += ms;
            done += more;
            known = withSample(known, { at, done });
          }

          const end = estimateEnd(known, remaining);

          if (end === undefined) return;
          expect(end).toBeGreaterThanOrEqual(at);
          expect(estimateEnd(known, remaining + 100)).toBeGreaterThanOrEqual(end);
        },
      ),
    );
  });
});

describe('withSample', () => {
  test('does not grow without limit', () => {
    let known: readonly ProgressSample[] = [];
    for (let second = 0; second < 1_000; second += 1)
      known = withSample(known, { at: second * 1_000, done: 0 });

    expect(known.length).toBeLessThanOrEqual(63);
  });
});
