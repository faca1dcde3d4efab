import { describe, expect, test } from '@jest/globals';
import type { NamespaceSnapshot } from '../../../../domain/cluster/observed.ts';
import { deploymentId } from '../../../../domain/deploy/deployment-id.ts';
import { INTERRUPTED } from '../../../../domain/deploy/interrupted-rollout.ts';
import {
  type OpenRolloutState,
  recoverState,
  type SavedCopy,
} from '../../../../domain/deploy/recover-state.ts';
import { contentDigest } from '../../../../domain/release/content-digest.ts';
import type { RolloutTarget } from '../../../../domain/rollout/rollout.ts';
import type { TargetPlan } from '../../../../domain/rollout/rollout-status.ts';
import {
  aDeployment,
  anApplication,
  aPod,
  aRelease,
  aRollout,
  aSnapshot,
  aStatus,
} from '../../../support/builders.ts';

const NOW = 1_800_000_000_000;
const ID = '20270115-080000-aaaaaaaa';
const LATER = '20270115-090000-bbbbbbbb';
const KEY = '0123456789abcdef';
const RELEASE = aRelease();

interface Given {
  readonly rolloutId?: string;
  readonly result?: 'verified' | 'waiting' | 'failed';
  readonly writtenAt?: number;
  readonly isChanged?: boolean;
  readonly isLeaving?: boolean;
  /** FDD's Deployment: sick, switched off by a person, or deleted. */
  readonly now?: 'sick' | 'switched off' | 'deleted';
}

/** A namespace that a rollout has written. */
function written(
  namespace: string,
  { rolloutId = ID, result = 'verified', writtenAt = NOW - 60_000, isChanged, isLeaving, now }: Given = {},
): NamespaceSnapshot {
  const { image, config } = RELEASE;
  const content = contentDigest({ image, config: isChanged ? {} : config });
  const origin = { rolloutId, generation: 4, release: KEY, content };
  const id = deploymentId(rolloutId, namespace);
  const shown = {
    sick: { availableReplicas: 0 },
    'switched off': { replicas: 0, switchedOff: { how: 'scaled to 0' as const, by: 'jo' } },
    deleted: {},
  };
  const reported = { verified: 'SUCCESS', waiting: 'RUNNING', failed: 'FAILED' } as const;
  return aSnapshot({
    namespace,
    application: anApplication({ image, config, deploymentId: id, writtenAt, origin }),
    deployment:
      now === 'deleted'
        ? undefined
        : aDeployment({
            image,
            deploymentId: result === 'waiting' ? 'before' : id,
            ...(now === undefined ? {} : shown[now]),
          }),
    statuses: [aStatus({ deploymentId: id, result: reported[result] })],
    pods: isLeaving ? [aPod({ deleting: true })] : [],
  });
}

function saved(
  targets: Readonly<Record<string, RolloutTarget>>,
  { id = ID, admitted = true } = {},
): OpenRolloutState {
  const plans = Object.keys(targets).map((name, order): [string, TargetPlan] => [
    name,
    {
      wave: 0,
      order,
      because: 'wave 1',
      release: KEY,
      version: RELEASE.version,
      channel: 'stable',
      ...(admitted ? { admittedAt: NOW - 90_000 } : {}),
    },
  ]);
  return {
    rollout: aRollout({ id, createdAt: NOW - 100_000 }),
    status: {
      state: 'running',
      reason: '',
      because: '',
      changedAt: NOW - 100_000,
      failures: [],
      revision: 7,
      seq: 3,
    },
    targets: new Map(Object.entries(targets)),
    plans: new Map(plans),
    events: [],
  };
}

const COPY: SavedCopy = {
  savedAt: Date.parse('2027-01-15T08:00:30Z'),
  isOld: false,
  rollouts: [],
  leftOut: [],
  releases: new Map(),
};

function recover(snapshots: readonly NamespaceSnapshot[], rollouts?: readonly OpenRolloutState[]) {
  return recoverWith(snapshots, rollouts && { ...COPY, rollouts });
}

function recoverWith(snapshots: readonly NamespaceSnapshot[], copy: SavedCopy | undefined) {
  return recoverState({ snapshots, copy, now: NOW, overdueBefore: NOW - 15 * 60_000 });
}

describe('a target of a saved rollout', () => {
  test.each<[string, NamespaceSnapshot, string]>([
    ['that was verified meanwhile is completed', written('a'), 'completed'],
    ['that was written waits for FDD again', written('a', { result: 'waiting' }), 'running'],
    [
      'waits while another FDD terminates, which can write once more',
      written('a', { isLeaving: true }),
      'running',
    ],
    ['that FDD failed has failed', written('a', { result: 'failed' }), 'failed'],
    ['that was not written is planned again', aSnapshot({ namespace: 'a' }), 'pending'],
    ['that another client has changed is planned again', written('a', { isChanged: true }), 'pending'],
    [
      'that an earlier rollout has written is planned again',
      written('a', { rolloutId: 'earlier' }),
      'pending',
    ],
    ['that a later rollout has written is superseded', written('a', { rolloutId: LATER }), 'superseded'],
  ])('%s', (_what, snapshot, state) => {
    const { rollouts } = recover([snapshot], [saved({ a: { state: 'running', version: 'v' } })]);

    expect(rollouts[0]?.targets.get('a')?.state).toBe(state);
    expect(rollouts[0]?.plans.get('a')?.admittedAt !== undefined).toBe(state !== 'pending');
  });

  test('that has ended stays as it was', () => {
    const target: RolloutTarget = { state: 'failed', reason: 'not verified by the deadline', finishedAt: 1 };
    const { rollouts, namespaces } = recover([written('a', { result: 'waiting' })], [saved({ a: target })]);

    expect(rollouts[0]?.targets.get('a')).toEqual(target);
    expect(namespaces).toEqual([
      expect.objectContaining({ namespace: 'a', state: 'failed', reason: target.reason }),
    ]);
  });

  test('that an operator holds back stays paused', () => {
    const { rollouts } = recover([aSnapshot({ namespace: 'a' })], [saved({ a: { state: 'paused' } })]);

    expect(rollouts[0]?.targets.get('a')?.state).toBe('paused');
  });

  test('has the state of its rollout, and a line in the timeline', () => {
    const { rollouts } = recover([written('a')], [saved({ a: { state: 'pending' } })]);

    expect(rollouts[0]?.status).toMatchObject({ state: 'running', deadlinesFrom: NOW });
    expect(rollouts[0]?.events[0]?.reason).toBe('Redis lost its data; rebuilt from the cluster: 1 completed');
  });
});

describe('a target of a rollout in an old copy', () => {
  const copy = (
    targets: Readonly<Record<string, RolloutTarget>>,
    state: 'running' | 'paused' = 'running',
  ) => {
    const known = saved(targets);
    return { ...COPY, isOld: true, rollouts: [{ ...known, status: { ...known.status, state } }] };
  };

  test.each<[string, NamespaceSnapshot, string]>([
    ['that was written and is not verified', written('a', { result: 'waiting' }), 'pending'],
    ['that was not written', aSnapshot({ namespace: 'a' }), 'pending'],
    ['that FDD had deployed', written('a', { now: 'sick' }), 'completed'],
    ['that FDD failed', written('a', { result: 'failed' }), 'failed'],
  ])('%s does not run: the rollout can have been cancelled since', (_what, snapshot, state) => {
    const { rollouts, namespaces, interrupted } = recoverWith(
      [snapshot],
      copy({ a: { state: 'running', version: 'v' } }),
    );

    expect(rollouts[0]?.targets.get('a')?.state).toBe(state);
    expect(rollouts[0]?.plans.get('a')?.admittedAt !== undefined).toBe(state !== 'pending');
    expect(rollouts[0]?.status).toMatchObject({
      state: 'paused',
      reason: expect.stringContaining('the saved copy is from 2027-01-15 08:00:30 UTC'),
    });
    expect(namespaces.map((each) => each.state)).not.toContain('running');
    expect(interrupted).toEqual([ID]);
  });

  test('of a rollout that was paused keeps its reason', () => {
    const { rollouts } = recoverWith([], copy({ a: { state: 'pending' } }, 'paused'));

    expect(rollouts[0]?.status).toMatchObject({ state: 'paused', reason: '' });
  });
});

describe('a rollout that only annotations show', () => {
  test('is interrupted if something of it is left to verify, and nothing of it runs before it is resumed', () => {
    const snapshots = [written('a'), written('b', { result: 'waiting' }), written('c', { rolloutId: LATER })];
    const { rollouts, interrupted, namespaces } = recover(snapshots);

    expect(interrupted).toEqual([ID]);
    expect(rollouts).toHaveLength(1);
    expect(rollouts[0]).toMatchObject({
      rollout: { id: ID, createdAt: Date.parse('2027-01-15T08:00:00Z'), trigger: 'unknown', requestedBy: '' },
      status: { state: 'paused', reason: INTERRUPTED },
    });
    expect([...(rollouts[0]?.targets ?? [])].map(([name, { state }]) => [name, state])).toEqual([
      ['a', 'completed'],
      ['b', 'pending'],
    ]);
    expect(rollouts[0]?.plans.get('b')?.admittedAt).toBeUndefined();
    expect(namespaces).toMatchObject([
      { namespace: 'a', state: 'completed' },
      {
        namespace: 'b',
        state: 'failed',
        reason: 'it was not verified when the state was rebuilt',
        isGivenUp: false,
      },
      { namespace: 'c', state: 'completed' },
    ]);
  });

  test.each(['sick', 'switched off', 'deleted'] as const)(
    'is not shown, and nothing of it runs, if FDD had deployed it and is %s now',
    (now) => {
      const { rollouts, namespaces } = recover([written('a', { now })]);

      expect(rollouts).toEqual([]);
      expect(namespaces).toMatchObject([{ namespace: 'a', state: 'completed', origin: { release: KEY } }]);
    },
  );

  test('is not invented if all its writes are verified, have failed, or are old; each has a record', () => {
    const old = NOW - 16 * 60_000;
    const { rollouts, namespaces } = recover([
      written('a'),
      written('b', { result: 'failed' }),
      written('c', { result: 'waiting', writtenAt: old }),
    ]);

    expect(rollouts).toEqual([]);
    expect(namespaces).toMatchObject([
      { namespace: 'a', state: 'completed' },
      { namespace: 'b', state: 'failed', isGivenUp: true },
      { namespace: 'c', state: 'failed', isGivenUp: false, origin: { release: KEY, generation: 4 } },
    ]);
  });

  test.each<[string, Partial<SavedCopy>, readonly string[]]>([
    ['had ended if a later copy does not have it', {}, []],
    ['is interrupted if the copy is from before', { savedAt: Date.parse('2027-01-15T08:00:05Z') }, [ID]],
    ['is interrupted if the copy had no room for it', { leftOut: [ID] }, [ID]],
  ])('%s', (_what, copy, expected) => {
    const { interrupted, namespaces } = recoverWith([written('a', { result: 'waiting' })], {
      ...COPY,
      ...copy,
    });

    expect(interrupted).toEqual(expected);
    expect(namespaces).toMatchObject([{ namespace: 'a', state: 'failed' }]);
  });
});

describe('what another client has changed', () => {
  test('keeps its record: FDD had deployed it, so it has drifted', () => {
    const { namespaces } = recover([written('a', { isChanged: true }), written('b')]);

    expect(namespaces).toMatchObject([
      { namespace: 'a', state: 'completed', origin: { release: KEY } },
      { namespace: 'b', state: 'completed' },
    ]);
  });

  test.each<[string, NamespaceSnapshot[]]>([
    ['FDD has not deployed it', [written('a', { isChanged: true, result: 'waiting' }), written('b')]],
    ['its release is lost', [written('a', { isChanged: true })]],
  ])('is not known to be verified if %s', (_what, snapshots) => {
    expect(recover(snapshots).namespaces[0]).toMatchObject({
      namespace: 'a',
      state: 'failed',
      reason: expect.stringContaining('another client has changed it'),
    });
  });
});

describe('releases', () => {
  test('are taken from Applications that are as they were written', () => {
    const { releases } = recover([written('a'), written('b', { isChanged: true })]);

    expect([...releases]).toEqual([[KEY, RELEASE]]);
  });

  test('of an Application without annotations are unknown', () => {
    const snapshot = aSnapshot({ namespace: 'a', application: anApplication(), deployment: aDeployment() });

    expect(recover([snapshot])).toEqual({
      namespaces: [],
      rollouts: [],
      releases: new Map(),
      interrupted: [],
    });
  });
});
