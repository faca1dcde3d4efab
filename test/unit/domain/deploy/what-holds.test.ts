import { describe, expect, test } from '@jest/globals';
import { type OpenRollout, whatHolds, whyHeld } from '../../../../domain/deploy/what-holds.ts';
import type { Hold } from '../../../../domain/rollout/hold.ts';
import type { TargetState } from '../../../../domain/rollout/rollout.ts';

const held: Hold = { reason: 'broken disk', by: 'jo', at: 1 };
const pinned: Hold = { ...held, pin: 'v1' };

describe('whyHeld', () => {
  test.each([
    ['nothing', 'v2', undefined, undefined, undefined],
    ['an operator', 'v2', undefined, held, 'held by jo: broken disk'],
    ['an operator, with the pinned version', 'v1', undefined, pinned, undefined],
    [
      'its ConfigMap',
      'v2',
      { hold: 'audit' },
      undefined,
      'held by annotation skipper.fiaas.io/hold of its ConfigMap: audit',
    ],
    [
      'both',
      'v2',
      { hold: 'audit' },
      pinned,
      'held by annotation skipper.fiaas.io/hold of its ConfigMap: audit; also pinned to v1 by jo: broken disk',
    ],
    [
      'its pin',
      'v2',
      { pin: 'v1' },
      undefined,
      'pinned to v1 by annotation skipper.fiaas.io/pin of its ConfigMap',
    ],
    ['its pin, which the channel has', 'v2', { pin: 'v2' }, undefined, undefined],
    ['its pin wins over that of an operator', 'v2', { pin: 'v2' }, pinned, undefined],
    ['a hold of an operator counts always', 'v2', { pin: 'v2' }, held, 'held by jo: broken disk'],
  ])('%s', (_what, version, annotations, hold, expected) => {
    expect(whyHeld(version, annotations, hold)).toBe(expected);
  });
});

describe('whatHolds, in a rollout that has not ended', () => {
  const aRollout = (state: TargetState, target: TargetState): OpenRollout => ({
    id: 'R1',
    state,
    newerRelease: 'replace',
    joinable: new Set(['key']),
    target: () => ({ state: target, release: 'key' }),
  });

  test.each<[TargetState, TargetState, string | undefined]>([
    ['running', 'pending', 'rollout R1 has it, and is running'],
    ['paused', 'failed', 'rollout R1 has it, and is paused'],
    ['running', 'cancelled', 'rollout R1 leaves it out, and is running'],
    ['running', 'failed', undefined],
    ['running', 'superseded', undefined],
  ])('%s, a target that is %s: %s', (state, target, reason) => {
    const world = { holds: new Map(), ignored: new Map(), rollouts: [aRollout(state, target)] };

    const why = whatHolds('team-a', { key: 'key', version: 'v2' }, world);

    expect(why).toEqual(reason === undefined ? undefined : { kind: 'held', reason });
  });
});

describe('whatHolds, for a newer release', () => {
  const NEWER = { key: 'k3', version: 'v3' };

  function aRollout(id: string, release: string, fields: Partial<OpenRollout> = {}): OpenRollout {
    const target = (namespace: string) =>
      namespace === 'new' ? undefined : { state: namespace as TargetState, release };
    return { id, state: 'running', newerRelease: 'ask', joinable: new Set([release]), target, ...fields };
  }

  function heldIn(state: string, ...rollouts: readonly OpenRollout[]) {
    return whatHolds(state, NEWER, { holds: new Map(), ignored: new Map(), rollouts });
  }

  test.each(['pending', 'completed', 'failed'])(
    'a rollout of another release holds its %s target',
    (state) => {
      expect(heldIn(state, aRollout('R1', 'k2'))).toEqual({
        kind: 'ask',
        reason:
          'rollout R1 is running and has another release: cancel it or let it finish, then resume this one',
      });
      expect(heldIn(state, aRollout('R1', 'k2', { newerRelease: 'finish' }))).toEqual({
        kind: 'held',
        reason: 'rollout R1 is running and has another release: it finishes first',
      });
      expect(heldIn(state, aRollout('R1', 'k2', { newerRelease: 'replace' }))).toBeUndefined();
      expect(heldIn(state, aRollout('R1', 'k2', { state: 'completed' }))).toBeUndefined();
    },
  );

  test('operators are asked once, also if more namespaces need it later', () => {
    const asked = aRollout('R2', NEWER.key, { state: 'paused', target: () => undefined });

    expect(heldIn('completed', aRollout('R1', 'k2'), asked)).toEqual({
      kind: 'held',
      reason: 'rollout R2 of its release is paused: it joins when that continues',
    });
    expect(heldIn('pending', aRollout('R1', 'k2'), aRollout('R3', NEWER.key, { state: 'paused' }))).toEqual({
      kind: 'held',
      reason: 'rollout R3 has it, and is paused',
    });
  });
});
