import { describe, expect, test } from '@jest/globals';
import { isRising, NO_LATENCY, withSample } from '../../../../domain/deploy/api-latency.ts';

function trendOf(...samples: readonly (readonly [ms: number, times: number])[]) {
  return samples
    .flatMap(([ms, times]) => Array.from({ length: times }, () => ms))
    .reduce(withSample, NO_LATENCY);
}

describe('isRising', () => {
  test.each([
    ['nothing is known yet', trendOf(), false],
    ['the first requests are slow', trendOf([3_000, 20]), false],
    ['it stays as it was', trendOf([50, 1_000]), false],
    ['a single request is slow', trendOf([50, 100], [3_000, 1]), false],
    ['many are much slower than usual', trendOf([50, 100], [3_000, 10]), true],
    ['many are slower than usual, but still fast', trendOf([20, 100], [400, 50]), false],
    ['it was always slow', trendOf([2_000, 500]), false],
    ['it is fast again', trendOf([50, 100], [3_000, 10], [50, 60]), false],
    ['slow has become usual', trendOf([50, 100], [3_000, 2_000]), false],
  ])('%s', (_title, trend, expected) => {
    expect(isRising(trend)).toBe(expected);
  });
});
