import { expect, test } from '@jest/globals';
import { describeDuration } from '../../../../domain/rollout/describe-duration.ts';

test.each([
  [0, '0ms'],
  [500, '500ms'],
  [1_500, '1.5s'],
  [60_000, '1m'],
  [90_000, '1m 30s'],
  [3_600_000, '1h'],
  [90_061_000, '1d 1h 1m 1s'],
])('describes %d ms as %s', (ms, expected) => {
  expect(describeDuration(ms)).toBe(expected);
});
