import { describe, expect, test } from '@jest/globals';
import { boundWork } from '../../../api/bound-work.ts';
import { until } from '../../support/until.ts';

/** Work that ends when a test says so, and counts how much of it runs. */
function someWork() {
  const ends: (() => void)[] = [];
  let most = 0;
  let running = 0;
  const work = async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise<void>((resolve) => ends.push(resolve));
    running -= 1;
  };
  return { work, ends, most: () => most };
}

describe('boundWork', () => {
  test('runs so many at once, and the others after them', async () => {
    const { run } = boundWork({ what: 'deploys', atOnce: 2, waiting: 3 });
    const { work, ends, most } = someWork();

    const all = Promise.all(Array.from({ length: 5 }, () => run(work)));
    for (let ended = 0; ended < 5; ended += 1) {
      await until(() => ends.length > ended, 'the next runs');
      ends[ended]?.();
    }
    await all;

    expect(most()).toBe(2);
  });

  test('refuses what has no place, with 429 and when to try again, until a place is given back', () => {
    const { enter } = boundWork({ what: 'deploys', atOnce: 1, waiting: 1 });
    const leaveFirst = enter();
    enter();

    expect(() => enter()).toThrow(
      expect.objectContaining({
        status: 429,
        code: 'too_many_requests',
        message: 'too many deploys at once: nothing was done, try again',
        headers: { 'retry-after': '2' },
      }),
    );
    leaveFirst();
    enter();
  });

  test('a place that is given back twice is one place', () => {
    const { enter } = boundWork({ what: 'deploys', atOnce: 1, waiting: 1 });
    const leave = enter();
    enter();
    leave();
    leave();

    enter();
    expect(() => enter()).toThrow();
  });
});
