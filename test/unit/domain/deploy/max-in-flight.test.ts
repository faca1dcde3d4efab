import { describe, expect, test } from '@jest/globals';
import { maxInFlight, waitForRoom } from '../../../../domain/deploy/max-in-flight.ts';

describe('maxInFlight', () => {
  test.each([
    ['200', 5_000, 200],
    ['20%', 5_000, 1_000],
    ['10%', 4, 1],
    ['100%', 7, 7],
    ['0', 5_000, undefined],
    ['0%', 5_000, undefined],
  ])('%s of a fleet of %d is %s', (setting, namespaces, limit) => {
    expect(maxInFlight(setting, namespaces)).toBe(limit);
  });
});

describe('waitForRoom', () => {
  test.each([
    [1, 0, 500],
    [1, 1, 1_000],
    [1_000, 0.5, 2_500],
    [100_000, 1, 15_500],
  ])('of %d unfinished namespaces, with random %d, is %d ms', (unfinished, random, ms) => {
    expect(waitForRoom(unfinished, random)).toBe(ms);
  });
});
