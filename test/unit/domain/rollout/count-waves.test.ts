import { expect, test } from '@jest/globals';
import { countWaves } from '../../../../domain/rollout/count-waves.ts';
import type { RolloutTarget } from '../../../../domain/rollout/rollout.ts';
import type { TargetPlan } from '../../../../domain/rollout/rollout-status.ts';
import { resolveStrategy, Strategy } from '../../../../domain/rollout/strategy.ts';

function aPlan(wave: number): TargetPlan {
  return { wave, order: 0, because: '', release: 'r', version: 'v1', channel: '' };
}

test('countWaves counts the targets of each wave; those without a plan are in none', () => {
  const strategy = resolveStrategy(Strategy.parse({ type: 'Progressive', waves: ['100%'] }), 3);
  const targets = new Map<string, RolloutTarget>([
    ['a', { state: 'completed' }],
    ['b', { state: 'running' }],
    ['c', { state: 'pending' }],
    ['refused', { state: 'failed' }],
  ]);
  const plans = new Map([
    ['a', aPlan(0)],
    ['b', aPlan(1)],
    ['c', aPlan(1)],
    ['gone', aPlan(1)],
  ]);

  const waves = countWaves({ strategy }, targets, plans);

  expect(waves).toMatchObject([
    { size: 1, isCanary: true, counts: { completed: 1, pending: 0, failed: 0 } },
    { size: 2, isCanary: false, counts: { completed: 0, running: 1, pending: 1, failed: 0 } },
  ]);
  expect(countWaves({}, targets, plans)).toEqual([]);
});
