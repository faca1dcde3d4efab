import { describe, expect, test } from '@jest/globals';
import type { RolloutTarget, TargetState } from '../../../../domain/rollout/rollout.ts';
import type { TargetPlan } from '../../../../domain/rollout/rollout-status.ts';
import { resolveStrategy, Strategy } from '../../../../domain/rollout/strategy.ts';
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

  test('leave out a target without a plan, which was refused, and a plan whose target is gone', () => {
    const strategy = resolveStrategy(Strategy.parse({ type: 'Progressive', waves: ['100%'] }), 3);
    const plan = (wave: number): TargetPlan => ({
      wave,
      order: 0,
      because: '',
      release: 'r',
      version: 'v1',
      channel: '',
    });
    const targets = new Map<string, RolloutTarget>([
      ['a', { state: 'completed' }],
      ['b', { state: 'running' }],
      ['c', { state: 'pending' }],
      ['refused', { state: 'failed' }],
    ]);
    const plans = new Map([
      ['a', plan(0)],
      ['b', plan(1)],
      ['c', plan(1)],
      ['gone', plan(1)],
    ]);

    expect(viewWaves({ rollout: { strategy }, status: undefined, targets, plans }, NOW)).toMatchObject([
      { size: 1, isCanary: true, counts: { completed: 1, pending: 0, failed: 0 } },
      { size: 2, isCanary: false, counts: { completed: 0, running: 1, pending: 1, failed: 0 } },
    ]);
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
