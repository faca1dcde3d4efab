import { expect, test } from '@jest/globals';
import { describeRetry } from '../../../../domain/explain/describe-retry.ts';

const FAILED = { attempt: 2, code: 'conflict', message: 'somebody wrote', waitMs: 4_240 };

test.each([
  [{}, 'attempt 2 failed (conflict): somebody wrote; next in 4.2 s'],
  [{ waitMs: 60_400 }, 'attempt 2 failed (conflict): somebody wrote; next in 61 s'],
  [{ waitMs: -5 }, 'attempt 2 failed (conflict): somebody wrote; next in 0.0 s'],
  [{ waitMs: undefined }, 'attempt 2 failed (conflict): somebody wrote'],
  [{ code: undefined, waitMs: undefined }, 'attempt 2 failed: somebody wrote'],
  [{ attempt: 0 }, 'attempt 1 failed (conflict): somebody wrote; next in 4.2 s'],
])('an attempt with %j reads %j', (overrides, sentence) => {
  expect(describeRetry({ ...FAILED, ...overrides })).toBe(sentence);
});
