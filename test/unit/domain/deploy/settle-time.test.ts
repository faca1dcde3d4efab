import { describe, expect, test } from '@jest/globals';
import { ALL_SETTLED, SETTLE_MS, settleTime, withWait } from '../../../../domain/deploy/settle-time.ts';

/** The settle time after these waits: how many of how many were parked, evenly spread. */
function settledAfter(waits: number, parked: number): number {
  let share = ALL_SETTLED;
  for (let n = 0; n < waits; n += 1) {
    share = withWait(share, Math.floor(((n + 1) * parked) / waits) > Math.floor((n * parked) / waits));
  }
  return settleTime(share, false);
}

describe('settleTime', () => {
  test.each([
    ['nothing is known', 0, 0, SETTLE_MS],
    ['all ended in place', 100, 0, SETTLE_MS],
    ['a few were parked', 10, 10, SETTLE_MS],
    ['a quarter hangs', 400, 100, SETTLE_MS],
    ['all were parked', 50, 50, 200],
    ['nearly all were parked', 400, 380, 200],
  ])('%s', (_title, waits, parked, expected) => {
    expect(settledAfter(waits, parked)).toBe(expected);
  });

  test('is long again as soon as some end in place', () => {
    let share = 0;
    for (let n = 0; n < 5; n += 1) share = withWait(share, false);

    expect(settleTime(share, false)).toBe(SETTLE_MS);
  });

  test('is short for a run that resumes', () => {
    expect(settleTime(ALL_SETTLED, true)).toBe(200);
  });
});
