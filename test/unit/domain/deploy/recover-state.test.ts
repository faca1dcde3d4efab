import { describe, expect, test } from '@jest/globals';
import type { NamespaceSnapshot } from '../../../../domain/cluster/observed.ts';
import { INTERRUPTED, type OpenRolloutState, recoverState } from '../../../../domain/deploy/recover-state.ts';
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
  OUR_ID,
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
}

/** A namespace that a rollout has written. */
function written(
  namespace: string,
  { rolloutId = ID, result = 'verified', writtenAt = NOW - 60_000, isChanged, isLeaving }: Given = {},
): NamespaceSnapshot {
  const { image, config } = RELEASE;
  const content = contentDigest({ image, config: isChanged ? {} : config });
  const origin = { rolloutId, generation: 4, release: KEY, content };
  const reported = { verified: 'SUCCESS', waiting: 'RUNNING', failed: 'FAILED' } as const;
  return aSnapshot({
    namespace,
    application: anApplication({ image, config, deploymentId: OUR_ID, writtenAt, origin }),
    deployment: aDeployment({ image, deploymentId: result === 'waiting' ? 'before' : OUR_ID }),
    statuses: [aStatus({ deploymentId: OUR_ID, result: reported[result] })],
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

function recover(snapshots: readonly NamespaceSnapshot[], rollouts: readonly OpenRolloutState[] = []) {
  return recoverState({ snapshots, rollouts, now: NOW, overdueBefore: NOW - 15 * 60_000 });
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

describe('a rollout that only annotations show', () => {
  test('is interrupted if something of it is left to verify', () => {
    const snapshots = [written('a'), written('b', { result: 'waiting' }), written('c', { rolloutId: LATER })];
    const { rollouts, interrupted, namespaces } = recover(snapshots);

    expect(interrupted).toEqual([ID]);
    expect(rollouts).toHaveLength(1);
    expect(rollouts[0]).toMatchObject({
      rollout: { id: ID, createdAt: Date.parse('2027-01-15T08:00:00Z') },
      status: { state: 'paused', reason: INTERRUPTED },
    });
    expect([...(rollouts[0]?.targets ?? [])].map(([name, { state }]) => [name, state])).toEqual([
      ['a', 'completed'],
      ['b', 'running'],
    ]);
    expect(namespaces.map(({ namespace, state }) => [namespace, state])).toEqual([
      ['a', 'completed'],
      ['b', 'running'],
      ['c', 'completed'],
    ]);
  });

  test('is not invented if all its writes are verified, have failed, or are old', () => {
    const old = NOW - 16 * 60_000;
    const { rollouts, namespaces } = recover([
      written('a'),
      written('b', { result: 'failed' }),
      written('c', { result: 'waiting', writtenAt: old }),
    ]);

    expect(rollouts).toEqual([]);
    expect(namespaces.map(({ namespace, state }) => [namespace, state])).toEqual([
      ['a', 'completed'],
      ['b', 'failed'],
    ]);
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
