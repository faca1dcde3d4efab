import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { debounce } from '../../../../api/fleet-view/debounce.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('debounce', () => {
  test('acts once for several calls, timed from the first', () => {
    const act = jest.fn();
    const debounced = debounce(act, 100);

    debounced.call();
    jest.advanceTimersByTime(60);
    debounced.call();
    jest.advanceTimersByTime(39);
    expect(act).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);

    expect(act).toHaveBeenCalledTimes(1);
  });

  test('acts again for a later call', () => {
    const act = jest.fn();
    const debounced = debounce(act, 100);
    debounced.call();
    jest.advanceTimersByTime(100);

    debounced.call();
    jest.advanceTimersByTime(100);

    expect(act).toHaveBeenCalledTimes(2);
  });

  test('does nothing once it is cancelled', () => {
    const act = jest.fn();
    const debounced = debounce(act, 100);
    debounced.call();

    debounced.cancel();
    debounced.call();
    jest.advanceTimersByTime(1_000);

    expect(act).not.toHaveBeenCalled();
  });
});
