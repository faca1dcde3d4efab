import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { Repair } from '../../domain/rollout/repair.ts';
import type { Trigger } from '../../domain/rollout/rollout.ts';
import { type DesiredState, openDesiredState } from '../../shared/state/desired-state.ts';
import type { Run } from '../../shared/state/runs.ts';
import { aRelease, aRollout } from '../support/builders.ts';
import { openEpoch } from '../support/open-epoch.ts';
import { useRedis } from '../support/use-redis.ts';

const REPAIR: Repair = { means: 'restart', rule: 'deaf', evidence: 'nothing was begun', pods: ['fdd-1'] };

const own = useRedis();

function freshState(): DesiredState {
  const prefix = `{test-${randomUUID()}}`;
  void openEpoch(own.redis, prefix);
  return openDesiredState(own.redis, prefix);
}

function request(state: DesiredState, id: string, trigger: Trigger, repair?: Repair) {
  return state.request({
    rollout: aRollout({ id, trigger, createdAt: Date.now() }),
    targets: [{ namespace: 'a', release: aRelease(), target: { state: 'pending' } }],
    ...(repair && { repairs: new Map([['a', repair]]) }),
  });
}

async function begin(state: DesiredState, token: string): Promise<Run> {
  const lease = { token, leaseMs: 60_000, inFlight: { ttlMs: 60_000 } };
  const begun = await state.begin('a', 'job', lease);
  if (begun.kind !== 'run') throw new Error(`the run did not begin: ${begun.kind}`);
  return begun.run;
}

describe('a repair', () => {
  test('reaches its run, and that run again after the death of a worker', async () => {
    const state = freshState();
    await request(state, 'heal-1', 'heal', REPAIR);

    expect((await begin(state, 'first')).repair).toEqual(REPAIR);
    await state.releaseLease('a', 'first');
    expect((await begin(state, 'second')).repair).toEqual(REPAIR);
  });

  test('is not inherited by a later request', async () => {
    const state = freshState();
    await request(state, 'heal-1', 'heal', REPAIR);
    await request(state, 'r1', 'api');

    expect((await begin(state, 'first')).repair).toBeUndefined();
  });

  test('waits for nobody, and replaces nothing: work that is under way is left alone', async () => {
    const state = freshState();
    await request(state, 'r1', 'api');

    await request(state, 'heal-1', 'heal', REPAIR);

    const { targets } = (await state.rollout('heal-1')) ?? {};
    expect(targets?.get('a')).toMatchObject({
      state: 'cancelled',
      reason: expect.stringContaining('under way'),
    });
    expect(await begin(state, 'first')).toMatchObject({ rolloutId: 'r1', repair: undefined });
  });
});
