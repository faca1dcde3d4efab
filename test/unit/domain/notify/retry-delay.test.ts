import { describe, expect, test } from '@jest/globals';
import { DELIVERY_TRIES, retryDelayMs } from '../../../../domain/notify/retry-delay.ts';

const delays = (random: number) =>
  Array.from({ length: DELIVERY_TRIES - 1 }, (_, index) => retryDelayMs(index + 1, 0, () => random));

describe('retryDelayMs', () => {
  test('doubles up to half an hour', () => {
    expect(delays(0).map((ms) => ms / 1_000)).toEqual([
      ...[2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024],
      ...Array(9).fill(1_800),
    ]);
  });

  test('is up to a half longer, at random: messages that failed together do not come together again', () => {
    expect(delays(1)).toEqual(delays(0).map((ms) => ms * 1.5));
    expect(new Set(Array.from({ length: 100 }, () => retryDelayMs(10))).size).toBeGreaterThan(50);
  });

  test('is never shorter than what a receiver asks of all messages', () => {
    expect(retryDelayMs(3, 60_000, () => 0)).toBe(60_000);
    expect(retryDelayMs(3, 60_000, () => 1)).toBe(64_000);
  });

  test('ends after about six hours', () => {
    const hours = delays(0.5).reduce((sum, ms) => sum + ms, 0) / 3_600_000;

    expect(hours).toBeCloseTo(6.3, 1);
  });
});
