import { describe, expect, test } from '@jest/globals';
import { pause } from '../../../shared/pause.ts';

const HOUR_MS = 3_600_000;

describe('pause', () => {
  test('lasts for the given time', async () => {
    const began = performance.now();

    await pause(30);

    expect(performance.now() - began).toBeGreaterThanOrEqual(29);
  });

  test('ends early, without an error, when the signal is aborted', async () => {
    const stopping = new AbortController();
    const pausing = pause(HOUR_MS, stopping);

    stopping.abort(new Error('the end'));

    await expect(pausing).resolves.toBeUndefined();
  });

  test('ends immediately if the signal is already aborted', async () => {
    await expect(pause(HOUR_MS, { signal: AbortSignal.abort() })).resolves.toBeUndefined();
  });
});
