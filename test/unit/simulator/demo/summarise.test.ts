import { describe, expect, test } from '@jest/globals';
import { countTargets, rolloutState } from '../../../../domain/rollout/rollout.ts';
import type { RolloutView, TargetView } from '../../../../domain/rollout/rollout-view.ts';
import { type DemoNamespace, planFleet } from '../../../../simulator/demo/plan-fleet.ts';
import {
  describeSummary,
  isAllVerified,
  summarise,
  surprises,
} from '../../../../simulator/demo/summarise.ts';
import { aRollout } from '../../../support/builders.ts';

const STARTED = 1_000;

function rolloutOf(ends: readonly Partial<TargetView>[]): RolloutView {
  const targets = ends.map((end, index) => ({
    namespace: `team-00${index + 1}`,
    state: 'completed' as const,
    reason: '',
    links: {},
    ...end,
  }));
  const counts = countTargets(targets);
  return { ...aRollout({ createdAt: STARTED }), state: rolloutState(counts), counts, targets, links: {} };
}

function fleetOf(faults: readonly (DemoNamespace['fault'] | undefined)[]): readonly DemoNamespace[] {
  const fleet = planFleet({ namespaces: faults.length, failRate: 0 });
  return fleet.map((namespace, index) => ({ ...namespace, fault: faults[index] }));
}

describe('a fleet that is verified', () => {
  const fleet = fleetOf([undefined, undefined]);
  const rollout = rolloutOf([
    { outcome: 'bootstrapped', finishedAt: STARTED + 4_000 },
    { outcome: 'updated', finishedAt: STARTED + 1_000 },
  ]);

  test('is counted by outcome', () => {
    const summary = summarise(rollout, fleet, true);

    expect(summary).toMatchObject({ verified: 2, bootstrapped: 1, updated: 1, failed: [], seconds: 4 });
    expect(isAllVerified(summary)).toBe(true);
    expect(surprises(rollout, fleet)).toEqual([]);
    expect(describeSummary(summary)).toBe(
      '2 of 2 namespaces verified in 4 s (0.5/s): 1 bootstrapped, 1 updated',
    );
  });
});

describe('a fleet with a failure', () => {
  const rollout = rolloutOf([
    { outcome: 'updated', finishedAt: STARTED + 2_000 },
    { state: 'failed', reason: 'not verified by\nthe deadline', finishedAt: STARTED + 30_000 },
  ]);

  test('is not verified, even if the failure is expected', () => {
    const fleet = fleetOf([undefined, { kind: 'hang' }]);
    const summary = summarise(rollout, fleet, true);

    expect(isAllVerified(summary)).toBe(false);
    expect(summary.failed).toEqual([{ namespace: 'team-002', reason: 'not verified by the deadline' }]);
    expect(surprises(rollout, fleet)).toEqual([]);
    expect(describeSummary(summary)).toBe(
      '1 of 2 namespaces verified in 30 s (0.5/s): 1 updated; 1 expected to fail',
    );
  });

  test('reports a healthy namespace that failed, and one with a fault that did not', () => {
    expect(surprises(rollout, fleetOf([{ kind: 'hang' }, undefined]))).toEqual([
      'team-001 has the fault hang, and its deployment is completed',
      'team-002 is healthy, and its deployment is failed',
    ]);
  });

  test('reports a namespace that the rollout lacks as missing', () => {
    expect(surprises(rollout, fleetOf([undefined, { kind: 'hang' }, undefined]))).toEqual([
      'team-003 is healthy, and its deployment is missing',
    ]);
  });
});
