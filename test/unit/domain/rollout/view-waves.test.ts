import { describe, expect, test } from '@jest/globals';
import type { RolloutTarget, TargetState } from '../../../../domain/rollout/rollout.ts';
import type { TargetPlan } from '../../../../domain/rollout/rollout-status.ts';
import { viewWaves } from '../../../../domain/rollout/view-waves.ts';

const NOW = 1_000_000;
const SOAK_MS = 60_000;

interface Given {
  readonly state?: TargetState;
  readonly approval?: boolean;
  readonly approvedWave?: number;
}

/** A canary, then a wave of two; targets by name, each with its wave. */
function phases(targets: Readonly<Record<string, [number, RolloutTarget, number?]>>, given: Given = {}) {
  const strategy = {
    type: 'Progressive' as const,
    waves: [
      { size: 1, isCanary: true, maxFailures: 0 },
      { size: 2, isCanary: false, maxFailures: 1 },
    ],
    maxConcurrency: 2,
    maxFailures: 1,
    minSuccessMs: SOAK_MS,
    approval: given.approval ?? false,
  };
  const plans = Object.entries(targets).map(
    ([namespace, [wave, , admittedAt]], order): [string, TargetPlan] => [
      namespace,
      { wave, order, because: '', release: 'r', version: '', channel: '', admittedAt },
    ],
  );
  return viewWaves(
    {
      rollout: { strategy },
      status: { state: given.state ?? 'running', approvedWave: given.approvedWave },
      targets: new Map(Object.entries(targets).map(([namespace, [, target]]) => [namespace, target])),
      plans: new Map(plans),
    },
    NOW,
  );
}

const waiting = { state: 'pending' } as const;
const done = (agoMs: number) => ({ state: 'completed', finishedAt: NOW - agoMs }) as const;

describe('the waves of a rollout', () => {
  test('count their own targets, and those that were admitted', () => {
    const [canary, rest] = phases({ a: [0, { state: 'running' }], b: [1, waiting], c: [1, waiting] });

    expect(canary).toMatchObject({ isCanary: true, admitted: 1, phase: 'running', counts: { running: 1 } });
    expect(rest).toMatchObject({ size: 2, admitted: 0, phase: 'waiting', counts: { pending: 2 } });
  });

  test('soak until their last target has stayed verified', () => {
    const [canary, rest] = phases({ a: [0, done(10_000), 1], b: [1, waiting] });

    expect(canary).toMatchObject({ phase: 'soaking', soaksUntil: NOW - 10_000 + SOAK_MS });
    expect(rest?.phase).toBe('waiting');
  });

  test('end with their soak, and do not soak if all have failed', () => {
    expect(phases({ a: [0, done(SOAK_MS), 1] })[0]?.phase).toBe('ended');
    expect(phases({ a: [0, { state: 'failed', finishedAt: NOW }, 1] })[0]?.phase).toBe('ended');
  });

  test.each([
    [{ approval: true }, 'approval'],
    [{ approval: true, approvedWave: 1 }, 'waiting'],
    [{ approval: true, state: 'paused' as const }, 'waiting'],
    [{ approval: false }, 'waiting'],
  ])('wait for an approval where the strategy wants one: %j', (given, phase) => {
    expect(phases({ a: [0, done(SOAK_MS), 1], b: [1, waiting] }, given)[1]?.phase).toBe(phase);
  });

  test('wait for an approval only when the wave before has ended', () => {
    expect(phases({ a: [0, waiting], b: [1, waiting] }, { approval: true })[1]?.phase).toBe('waiting');
  });

  test('are none for a rollout that holds nothing back', () => {
    const known = {
      rollout: {},
      status: { state: 'running' as const },
      targets: new Map(),
      plans: new Map(),
    };

    expect(viewWaves(known, NOW)).toEqual([]);
  });
});
