import { expect, test } from '@jest/globals';
import { createRolloutFollower } from '../../../../api/fleet-view/follow-rollouts.ts';
import { countTargets, type TargetState } from '../../../../domain/rollout/rollout.ts';
import { aRollout } from '../../../support/builders.ts';

/** A rollout with these numbers of targets in each state. */
function counted(states: Partial<Record<TargetState, number>>) {
  return { rollout: aRollout(), counts: { ...countTargets([]), ...states } };
}

test('estimates the end while targets wait for their turn', () => {
  const follow = createRolloutFollower();
  follow([counted({ pending: 30, running: 10 })], 0);

  const [progress] = follow([counted({ pending: 20, running: 10, completed: 10 })], 10_000);

  expect(progress?.etaAt).toBe(40_000);
});

test('gives no estimate once all targets have started, because the last ones can take until their deadline', () => {
  const follow = createRolloutFollower();
  follow([counted({ pending: 10, running: 10 })], 0);

  const [progress] = follow([counted({ running: 1, completed: 19 })], 10_000);

  expect(progress?.etaAt).toBeUndefined();
});
