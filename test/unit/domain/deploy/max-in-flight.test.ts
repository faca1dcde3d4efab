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
    expect(maxInFlight(setting, () => namespaces)).toBe(limit);
  });

  test.each(['200', '0'])('does not count the fleet for %s', (setting) => {
    const count = () => {
      throw new Error('counted');
    };

    expect(() => maxInFlight(setting, count)).not.toThrow();
  });
});

describe('waitForRoom', () => {
  test.each([
    [0, 10_000],
    [0.5, 20_000],
    [1, 30_000],
  ])('with random %d is %d ms', (random, ms) => {
    expect(waitForRoom(random)).toBe(ms);
  });
});
