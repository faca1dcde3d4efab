import { countTargets, type TargetState } from '../../domain/rollout/rollout.ts';
import type { RolloutView, TargetView, WaveView } from '../../domain/rollout/rollout-view.ts';
import type { RolloutPageState } from '../../web/rollouts/page-state.ts';
import { aRollout, ROLLOUT } from './builders.ts';

/** Numbers of targets by state; the others have none. */
export function someCounts(counts: Partial<Record<TargetState, number>> = {}): RolloutView['counts'] {
  return { ...countTargets([]), ...counts };
}

export function aTargetView(overrides: Partial<TargetView> = {}): TargetView {
  return { namespace: 'team-a', state: 'pending', reason: '', links: {}, ...overrides };
}

export function aWave(overrides: Partial<WaveView> = {}): WaveView {
  return { size: 1, isCanary: false, maxFailures: 0, counts: someCounts(), phase: 'waiting', ...overrides };
}

/** A rollout of a new release whose canary has failed, and which has paused itself. */
export function aRolloutView(overrides: Partial<RolloutView> = {}): RolloutView {
  const waves = [
    aWave({ isCanary: true, counts: someCounts({ failed: 1 }), phase: 'ended', admitted: 1 }),
    aWave({ size: 3, counts: someCounts({ pending: 3 }), admitted: 0 }),
  ];
  return {
    ...aRollout({
      trigger: 'release',
      requestedBy: 'release-check',
      releases: [{ channel: 'stable', image: 'fdd:v2', version: 'v2' }],
      strategy: {
        type: 'Progressive',
        waves: waves.map(({ size, isCanary, maxFailures }) => ({ size, isCanary, maxFailures })),
        maxConcurrency: 2,
        maxFailures: 1,
        minSuccessMs: 60_000,
        approval: false,
      },
    }),
    state: 'paused',
    stateReason: '1 target of the canary failed: CrashLoopBackOff (team-a). Nothing new is admitted.',
    because: 'the rollout is paused: nothing new is admitted',
    counts: someCounts({ failed: 1, pending: 3 }),
    waves,
    events: [
      {
        at: 1_700_000_030_000,
        kind: 'paused',
        state: 'paused',
        by: '',
        reason: '1 target of the canary failed',
      },
      { at: 1_700_000_000_000, kind: 'created', state: 'pending', by: 'release-check', reason: '' },
    ],
    targets: [
      aTargetView({ state: 'failed', reason: 'pods crash', wave: 0, version: 'v2' }),
      ...['team-b', 'team-c', 'team-d'].map((namespace) => aTargetView({ namespace, wave: 1 })),
    ],
    links: { self: `/api/rollouts/${ROLLOUT}` },
    ...overrides,
  };
}

export function aRolloutPage(overrides: Partial<RolloutPageState> = {}): RolloutPageState {
  return {
    rollout: aRolloutView(),
    failures: [{ cause: 'CrashLoopBackOff', namespaces: ['team-a'] }],
    selection: { state: '', page: 1 },
    now: 1_700_000_060_000,
    ...overrides,
  };
}
