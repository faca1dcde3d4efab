import { describe, expect, test } from '@jest/globals';
import { decideRollout } from '../../../../domain/rollout/decide-rollout.ts';
import type { DecidedTarget, Situation } from '../../../../domain/rollout/situation.ts';
import { resolveStrategy, Strategy } from '../../../../domain/rollout/strategy.ts';

const NOW = Date.UTC(2026, 10, 29, 1);
const SECOND = 1_000;

function aTarget(namespace: string, wave: number, fields: Partial<DecidedTarget> = {}): DecidedTarget {
  return { namespace, wave, order: wave, state: 'pending', isHealthyNow: false, ...fields };
}

const running = { state: 'running', admittedAt: NOW - 5 * SECOND, startedAt: NOW - 5 * SECOND } as const;
const queued = { state: 'pending', admittedAt: NOW - 900 * SECOND } as const;
const soaked = { ...running, state: 'completed', finishedAt: NOW - 61 * SECOND, isHealthyNow: true } as const;
const soaking = { ...soaked, finishedAt: NOW - 20 * SECOND } as const;
const failed = { ...running, state: 'failed', finishedAt: NOW - SECOND, cause: 'CrashLoopBackOff' } as const;

/** Canary a, wave b and c, wave d and e. */
const PROGRESSIVE = { waves: [3, 5], maxConcurrency: 2, maxFailures: 1 };

function aSituation(
  targets: readonly DecidedTarget[],
  {
    state = 'running',
    approvedWave,
    deadlinesFrom,
    ...fields
  }: Readonly<Record<string, unknown>> & Partial<Situation['rollout']> = {},
): Situation {
  const strategy = Strategy.parse({ type: 'Progressive', ...PROGRESSIVE, ...fields });
  return {
    rollout: { id: 'R1', state, approvedWave, deadlinesFrom },
    targets,
    strategy: resolveStrategy(strategy, targets.length),
    now: NOW,
  };
}

function five(a: object = {}, b: object = {}, c: object = {}, d: object = {}, e: object = {}) {
  return [aTarget('a', 0, a), aTarget('b', 1, b), aTarget('c', 1, c), aTarget('d', 2, d), aTarget('e', 2, e)];
}

describe('decideRollout', () => {
  test.each<[string, readonly DecidedTarget[], Record<string, unknown>, object]>([
    [
      'a new rollout admits its canary and runs',
      five(),
      { state: 'pending' },
      {
        admit: ['a'],
        fail: [],
        change: { state: 'running', reason: 'wave 1 of 3 begins', failures: [] },
        because: 'wave 1 of 3 is in progress: 1 of 1 targets have not ended',
      },
    ],
    [
      'decided again before the canary has begun',
      five(queued),
      {},
      { admit: [], fail: [], because: 'wave 1 of 3 is in progress: 1 of 1 targets have not ended' },
    ],
    [
      'its worker died after the admission, before the state was written',
      five(queued),
      { state: 'pending' },
      {
        admit: [],
        fail: [],
        change: { state: 'running', reason: 'wave 1 of 3 begins', failures: [] },
        because: 'wave 1 of 3 is in progress: 1 of 1 targets have not ended',
      },
    ],
    [
      'the canary runs: the next event is its deadline',
      five(running),
      {},
      {
        admit: [],
        fail: [],
        wakeAt: NOW + 295 * SECOND,
        because: 'wave 1 of 3 is in progress: 1 of 1 targets have not ended',
      },
    ],
    [
      'the canary soaks',
      five(soaking),
      {},
      {
        admit: [],
        fail: [],
        wakeAt: NOW + 40 * SECOND,
        because: 'wave 1 of 3 soaks until 2026-11-29 01:00:40 UTC: each target must stay verified for 1m',
      },
    ],
    [
      'the canary has soaked: the second wave begins',
      five(soaked),
      {},
      { admit: ['b', 'c'], fail: [], because: 'wave 2 of 3 is in progress: 2 of 2 targets have not ended' },
    ],
    [
      'a soak ends exactly now',
      five({ ...soaked, finishedAt: NOW - 60 * SECOND }),
      {},
      { admit: ['b', 'c'], fail: [], because: 'wave 2 of 3 is in progress: 2 of 2 targets have not ended' },
    ],
    [
      'maxConcurrency counts what is queued and what runs',
      five(soaked, running),
      { maxConcurrency: 1 },
      {
        admit: [],
        fail: [],
        wakeAt: NOW + 295 * SECOND,
        because: 'wave 2 of 3 has as many targets in progress as maxConcurrency allows (1); waiting: 1',
      },
    ],
    [
      'a target that soaks does not take up room',
      five(soaked, soaking),
      { maxConcurrency: 1 },
      { admit: ['c'], fail: [], because: 'wave 2 of 3 is in progress: 1 of 2 targets have not ended' },
    ],
    [
      'one failure is within the budget: the wave continues',
      five(soaked, failed),
      {},
      { admit: ['c'], fail: [], because: 'wave 2 of 3 is in progress: 1 of 2 targets have not ended' },
    ],
    [
      'a paused rollout',
      five(soaked),
      { state: 'paused' },
      { admit: [], fail: [], because: 'the rollout is paused: nothing new is admitted' },
    ],
    ...(['cancelled', 'superseded', 'completed', 'failed'] as const).map(
      (state): [string, readonly DecidedTarget[], Record<string, unknown>, object] => [
        `a rollout that is ${state}`,
        five({ ...soaked, isHealthyNow: false }),
        { state },
        { admit: [], fail: [], because: `the rollout is ${state}: nothing more is admitted` },
      ],
    ),
    [
      'a wave that waits for an approval',
      five(soaked),
      { approval: true },
      { admit: [], fail: [], because: 'wave 2 of 3 waits for an approval', awaitsApproval: true },
    ],
    [
      'a wave that is approved',
      five(soaked),
      { approval: true, approvedWave: 1 },
      { admit: ['b', 'c'], fail: [], because: 'wave 2 of 3 is in progress: 2 of 2 targets have not ended' },
    ],
    [
      'the first wave needs no approval',
      five(),
      { approval: true },
      { admit: ['a'], fail: [], because: 'wave 1 of 3 is in progress: 1 of 1 targets have not ended' },
    ],
    [
      'a target that an operator holds back holds its wave',
      five(soaked, soaked, { state: 'paused' }),
      {},
      {
        admit: [],
        fail: [],
        because: 'wave 2 of 3 waits for what an operator holds back: 1 of 2 targets are paused',
      },
    ],
    [
      'a target that was never admitted does not spend the budget',
      five(soaked, { state: 'failed' }, { state: 'failed' }),
      {},
      { admit: ['d', 'e'], fail: [], because: 'wave 3 of 3 is in progress: 2 of 2 targets have not ended' },
    ],
    [
      'a failed target that is tried again goes before the later waves',
      five(soaked, {}, soaked, running),
      {},
      {
        admit: ['b'],
        fail: [],
        wakeAt: NOW + 295 * SECOND,
        because: 'wave 2 of 3 is in progress: 1 of 2 targets have not ended',
      },
    ],
  ])('%s', (_what, targets, fields, expected) => {
    expect(decideRollout(aSituation(targets, fields))).toEqual(expected);
  });

  test('admits in the planned order, whatever the order of the targets', () => {
    const targets = ['x', 'c', 'z', 'a'].map((namespace, index) =>
      aTarget(namespace, 0, { order: 3 - index }),
    );

    expect(decideRollout(aSituation(targets, { canary: 4, maxConcurrency: 3 })).admit).toEqual([
      'a',
      'z',
      'c',
    ]);
  });

  test('All admits everything, and ends without a soak', () => {
    const strategy = resolveStrategy({ type: 'All' }, 2);
    const rollout = { id: 'R1', state: 'running' } as const;
    const done = { ...soaking, isHealthyNow: false };

    expect(
      decideRollout({ rollout, strategy, now: NOW, targets: [aTarget('a', 0), aTarget('b', 0)] }).admit,
    ).toEqual(['a', 'b']);
    expect(
      decideRollout({ rollout, strategy, now: NOW, targets: [aTarget('a', 0, done), aTarget('b', 0, done)] }),
    ).toMatchObject({ fail: [], change: { state: 'completed' } });
    expect(
      decideRollout({
        rollout,
        strategy,
        now: NOW,
        targets: [aTarget('a', 0, done), aTarget('b', 0, failed)],
      }),
    ).toMatchObject({ fail: [], change: { state: 'failed' } });
  });

  describe('counts as failed', () => {
    const fellBack = {
      namespace: 'a',
      code: 'fell_back',
      reason: 'was verified, but did not stay so for 1m',
    };

    test.each<[string, readonly DecidedTarget[], readonly object[]]>([
      ['a canary that falls back while it soaks', five({ ...soaking, isHealthyNow: false }), [fellBack]],
      [
        'a canary that has fallen back while nobody decided',
        five({ ...soaked, isHealthyNow: false }),
        [fellBack],
      ],
      [
        'not a canary that breaks after the next wave has begun',
        five({ ...soaked, isHealthyNow: false }, queued),
        [],
      ],
      [
        'a canary that soaks after it was tried again in a later wave',
        five({ ...soaking, isHealthyNow: false }, queued),
        [fellBack],
      ],
      [
        'a target that takes too long',
        five({ ...running, startedAt: NOW - 300 * SECOND }),
        [{ namespace: 'a', code: 'progress_deadline', reason: 'did not end within 5m after it started' }],
      ],
      ['not a target that has waited for a worker for long', five(queued), []],
    ])('%s', (_what, targets, expected) => {
      const decision = decideRollout(aSituation(targets));

      expect(decision.fail).toEqual(expected);
      expect(decision.change?.state).toBe(expected.length > 0 ? 'paused' : undefined);
    });

    test('not a target that could make no progress, while the rollout was paused or nothing was reachable', () => {
      const targets = five({ ...running, startedAt: NOW - 3_600 * SECOND });
      const deadlinesFrom = NOW - 299 * SECOND;

      expect(decideRollout(aSituation(targets, { state: 'paused' })).fail).toEqual([]);
      const resumed = decideRollout(aSituation(targets, { deadlinesFrom }));
      expect(resumed).toMatchObject({ fail: [], wakeAt: NOW + SECOND });
      expect(decideRollout(aSituation(targets, { deadlinesFrom: NOW - 300 * SECOND })).fail).toHaveLength(1);
    });

    test('also while the rollout is paused', () => {
      const targets = five({ ...soaking, isHealthyNow: false });

      expect(decideRollout(aSituation(targets, { state: 'paused' }))).toEqual({
        admit: [],
        fail: [fellBack],
        because: 'the rollout is paused: nothing new is admitted',
      });
    });
  });

  describe('pauses', () => {
    const quota = { ...failed, cause: 'exceeded quota: compute (pods)' };
    const ADVICE =
      'Nothing new is admitted. Roll back (skipper rollback R1), or correct the cause and retry what failed (skipper rollout retry R1), or resume or cancel.';

    test.each<[string, readonly DecidedTarget[], Record<string, unknown>, string]>([
      [
        'if the canary fails, whatever the budget',
        five(failed),
        { maxFailures: 5 },
        `1 target of the canary failed: CrashLoopBackOff (a). ${ADVICE}`,
      ],
      [
        'if a wave has more failures than allowed, by cause',
        five(soaked, failed, quota),
        {},
        `2 targets of wave 2 of 3 failed, more than maxFailures allows per wave (1): CrashLoopBackOff (b); exceeded quota: compute (pods) (c). ${ADVICE}`,
      ],
      [
        'if all waves together have more failures than allowed',
        five(soaked, failed, soaked, failed),
        {},
        `2 targets failed, more than maxFailures allows in all (1): CrashLoopBackOff (b, d). ${ADVICE}`,
      ],
      [
        'if the canary has proved nothing',
        five({ state: 'superseded' }),
        {},
        'the canary has proved nothing: a is superseded. Nothing new is admitted. Resume to continue without a canary (skipper rollout resume R1), or cancel.',
      ],
    ])('%s', (_what, targets, fields, reason) => {
      const decision = decideRollout(aSituation(targets, fields));

      expect(decision).toMatchObject({ admit: [], change: { state: 'paused', reason }, because: reason });
    });

    test('not for failures that an operator has excused', () => {
      const excused = { ...failed, isExcused: true };

      expect(decideRollout(aSituation(five(excused))).admit).toEqual(['b', 'c']);
      expect(decideRollout(aSituation(five({ state: 'superseded', isExcused: true }))).admit).toEqual([
        'b',
        'c',
      ]);
      expect(decideRollout(aSituation(five(excused, failed))).admit).toEqual(['c']);
    });
  });

  describe('ends', () => {
    test.each<[string, readonly DecidedTarget[], string, string]>([
      [
        'completed',
        five(soaked, soaked, soaked, soaked, soaked),
        'completed',
        'all targets have ended: 5 completed',
      ],
      [
        'completed with failures within the budget',
        five(soaked, soaked, soaked, soaked, failed),
        'completed',
        'all targets have ended: 4 completed, 1 failed; failed: CrashLoopBackOff (e)',
      ],
      [
        'failed if the last wave spends the budget',
        five(soaked, soaked, soaked, failed, failed),
        'failed',
        'all targets have ended: 3 completed, 2 failed; failed: CrashLoopBackOff (d, e)',
      ],
      [
        'failed if its only target fails: nothing is left to hold back',
        [aTarget('a', 0, failed)],
        'failed',
        'all targets have ended: 1 failed; failed: CrashLoopBackOff (a)',
      ],
      [
        'failed if all were refused',
        [aTarget('a', 0, { state: 'failed' })],
        'failed',
        'all targets have ended: 1 failed; failed: unknown cause (a)',
      ],
      [
        'superseded',
        [aTarget('a', 0, { state: 'superseded' })],
        'superseded',
        'all targets have ended: 1 superseded',
      ],
      [
        'cancelled',
        [aTarget('a', 0, { state: 'cancelled' })],
        'cancelled',
        'all targets have ended: 1 cancelled',
      ],
      ['completed without targets', [], 'completed', 'all targets have ended: there were none'],
    ])('%s', (_what, targets, state, reason) => {
      expect(decideRollout(aSituation(targets))).toMatchObject({ admit: [], change: { state, reason } });
    });

    test('not before its last wave has soaked', () => {
      const decision = decideRollout(aSituation(five(soaked, soaked, soaked, soaked, soaking)));

      expect(decision).toMatchObject({ admit: [], wakeAt: NOW + 40 * SECOND });
      expect(decision.change).toBeUndefined();
    });
  });

  test('decides 10,000 targets in a moment', () => {
    const targets = Array.from({ length: 10_000 }, (_each, index) =>
      aTarget(`ns-${index}`, index === 0 ? 0 : 1, { order: index, ...(index === 0 ? soaked : {}) }),
    );

    expect(
      decideRollout(aSituation(targets, { waves: ['100%'], maxConcurrency: '100%' })).admit,
    ).toHaveLength(9_999);
  });
});

describe('outside a window', () => {
  const until = NOW + 3_600_000;
  const closure = { kind: 'window' as const, reason: 'waits for the window X until Y', until };

  test('nothing is admitted, and what runs ends', () => {
    const situation = { ...aSituation(five(soaked, running)), closure };

    expect(decideRollout(situation)).toMatchObject({
      admit: [],
      because: 'wave 2 of 3 waits for the window X until Y; in progress, and ends: 1',
    });
  });

  test('it wants to be woken when the window opens', () => {
    const situation = { ...aSituation(five(), { state: 'pending' }), closure };

    expect(decideRollout(situation)).toEqual({
      admit: [],
      fail: [],
      wakeAt: until,
      because: 'wave 1 of 3 waits for the window X until Y',
    });
  });

  test('a namespace is passed over, but its wave has not ended', () => {
    const waiting = five(soaked, { closure }, soaked);

    expect(decideRollout(aSituation(five(soaked, { closure }, {})))).toMatchObject({ admit: ['c'] });
    expect(decideRollout(aSituation(waiting))).toMatchObject({
      admit: [],
      wakeAt: until,
      because:
        'wave 2 of 3 waits for the windows of 1 of its namespaces: the first waits for the window X until Y',
    });
  });
});
