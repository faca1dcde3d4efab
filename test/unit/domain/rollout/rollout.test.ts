import { describe, expect, test } from '@jest/globals';
import { countTargets, rolloutState, type TargetState } from '../../../../domain/rollout/rollout.ts';

function stateOf(...states: TargetState[]): TargetState {
  return rolloutState(countTargets(states.map((state) => ({ state }))));
}

describe('countTargets', () => {
  test('counts every state, including those without targets', () => {
    const counts = countTargets([{ state: 'failed' }, { state: 'failed' }, { state: 'completed' }]);

    expect(counts).toEqual({
      pending: 0,
      running: 0,
      paused: 0,
      completed: 1,
      failed: 2,
      cancelled: 0,
      superseded: 0,
    });
  });
});

describe('rolloutState', () => {
  test.each<[TargetState, TargetState[]]>([
    ['completed', []],
    ['pending', ['pending', 'pending']],
    ['running', ['pending', 'completed']],
    ['running', ['pending', 'failed']],
    ['running', ['pending', 'superseded']],
    ['running', ['running', 'failed', 'completed']],
    ['running', ['running', 'paused']],
    ['pending', ['pending', 'paused']],
    ['paused', ['paused', 'completed', 'failed']],
    ['failed', ['failed', 'completed', 'superseded', 'cancelled']],
    ['completed', ['completed', 'superseded']],
    ['completed', ['completed', 'cancelled']],
    ['superseded', ['superseded', 'cancelled']],
    ['superseded', ['superseded']],
    ['cancelled', ['cancelled']],
  ])('is %s for targets %j', (state, targets) => {
    expect(stateOf(...targets)).toBe(state);
  });
});
