import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fullJitterDelay } from '../../../../domain/deploy/backoff.ts';

const POLICY = { baseMs: 1_000, capMs: 60_000 };
const highest = (failures: number) => fullJitterDelay(failures, POLICY, () => 1);

describe('fullJitterDelay', () => {
  test('doubles its ceiling with each failure, up to the cap', () => {
    expect([0, 1, 2, 3, 5, 6, 100].map(highest)).toEqual([
      1_000, 2_000, 4_000, 8_000, 32_000, 60_000, 60_000,
    ]);
  });

  test('starts at zero: the jitter is full', () => {
    expect(fullJitterDelay(9, POLICY, () => 0)).toBe(0);
  });

  test('stays between zero and the cap, for any number of failures', () => {
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
        const delay = fullJitterDelay(failures, POLICY, () => random);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(POLICY.capMs);
        expect(Number.isInteger(delay)).toBe(true);
      }),
    );
  });
});
