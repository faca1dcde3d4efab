import { describe, expect, test } from '@jest/globals';
import { type EstimatedTarget, estimateRollout } from '../../../../domain/rollout/estimate-rollout.ts';
import { resolveStrategy, Strategy } from '../../../../domain/rollout/strategy.ts';

const NOW = 1_000_000;
const DURATIONS = [1_000, 1_000, 2_000, 2_000, 2_000, 2_000, 3_000, 3_000, 3_000, 10_000];

/** A canary, then the other nine, two at a time, with a soak of ten seconds. */
const strategy = resolveStrategy(
  Strategy.parse({ type: 'Progressive', waves: ['100%'], maxConcurrency: 2, minSuccessTime: '10s' }),
  10,
);
const held = (wave: number): EstimatedTarget => ({ wave, isOpen: true });
const verified = (wave: number, verifiedAt: number): EstimatedTarget => ({
  wave,
  isOpen: false,
  startedAt: verifiedAt - 2_000,
  verifiedAt,
});
const nine = <T>(each: T) => Array.from({ length: 9 }, () => each);

describe('estimateRollout', () => {
  test('adds the rounds and the soak of every wave', () => {
    const eta = estimateRollout([held(0), ...nine(held(1))], strategy, DURATIONS, NOW);

    expect(eta).toEqual({
      p50: NOW + 2_000 + 10_000 + 5 * 2_000 + 10_000,
      p90: NOW + 10_000 + 10_000 + 5 * 10_000 + 10_000,
    });
  });

  test('counts from the canary that soaks', () => {
    const eta = estimateRollout([verified(0, NOW - 4_000), ...nine(held(1))], strategy, DURATIONS, NOW);

    expect(eta?.p50).toBe(NOW + 6_000 + 5 * 2_000 + 10_000);
  });

  test('does not expect a running target to have ended in the past', () => {
    const running = { wave: 1, isOpen: true, startedAt: NOW - 60_000 };
    const targets = [verified(0, NOW - 90_000), running, ...nine(verified(1, NOW - 20_000)).slice(1)];

    expect(estimateRollout(targets, strategy, DURATIONS, NOW)?.p50).toBe(NOW + 10_000);
  });

  test('is unknown with too few durations, and before an approval', () => {
    const targets = [held(0), ...nine(held(1))];

    expect(estimateRollout(targets, strategy, [1_000, 2_000], NOW)).toBeUndefined();
    expect(estimateRollout(targets, { ...strategy, approval: true }, DURATIONS, NOW)).toBeUndefined();
  });
});
