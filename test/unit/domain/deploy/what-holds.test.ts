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
    target: () => ({ state: target, release: 'key', isAdmitted: false }),
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
