import { describe, expect, test } from '@jest/globals';
import { parseRolloutPolicy, strategyFor } from '../../../../domain/rollout/rollout-policy.ts';
import { demoPolicy } from '../../../../simulator/demo/demo-policy.ts';
import { planFleet } from '../../../../simulator/demo/plan-fleet.ts';

function policyOf(failRate: number, once: boolean) {
  const fleet = planFleet({ namespaces: 20, failRate });
  const parsed = parseRolloutPolicy(demoPolicy(fleet, once));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return { fleet, policy: parsed.policy };
}

describe('demoPolicy', () => {
  test('sends releases through waves, with a short soak', () => {
    const { policy } = policyOf(0, false);

    expect(policy.release).toMatchObject({ type: 'Progressive', canary: 1, minSuccessTime: '5s' });
  });

  test('follows the versions that it publishes again', () => {
    expect(policyOf(0, false).policy.release?.followBackwards).toBe(true);
  });

  test('is not stopped by the namespaces that misbehave from the start', () => {
    const { fleet, policy } = policyOf(0.2, false);
    const faulty = fleet.filter(({ fault }) => fault !== undefined).map(({ name }) => name);
    const { canary, maxFailures } = policy.release as unknown as {
      canary: { names: string[] };
      maxFailures: number;
    };

    expect(faulty).not.toContain(canary.names[0]);
    expect(maxFailures).toBe(faulty.length);
  });

  test('deploys everything at once with --once', () => {
    const { policy } = policyOf(0, true);

    expect(strategyFor(policy, 'api', 200)).toEqual({ type: 'All' });
  });
});
