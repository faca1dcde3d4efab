import { afterEach, beforeEach, jest } from '@jest/globals';

/** The time of day, which stands still unless a test moves it: each test begins at the same one. */
export function useClock(): { now: number } {
  const clock = { now: 0 };

  beforeEach(() => {
    clock.now = 1_800_000_000_000;
    jest.spyOn(Date, 'now').mockImplementation(() => clock.now);
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  return clock;
}
