import { describe, expect, test } from '@jest/globals';
import { replaceRollout } from '../../../../domain/rollout/replace-rollout.ts';
import type { DecidedTarget } from '../../../../domain/rollout/situation.ts';

const base = { order: 0, wave: 0, isHealthyNow: false };
const TARGETS: readonly DecidedTarget[] = [
  { ...base, namespace: 'done', state: 'completed', admittedAt: 1 },
  { ...base, namespace: 'runs', state: 'running', admittedAt: 1 },
  { ...base, namespace: 'queued', state: 'pending', admittedAt: 1 },
  { ...base, namespace: 'waits', state: 'pending' },
  { ...base, namespace: 'held', state: 'paused' },
];

describe('replaceRollout', () => {
  test('replace: what was not admitted goes directly to the newer release', () => {
    for (const state of ['pending', 'running', 'paused'] as const) {
      expect(replaceRollout('replace', { id: 'R1', state }, TARGETS)).toEqual({
        supersede: ['waits', 'held'],
        state: 'superseded',
        newer: 'begins',
        because: 'a newer release replaces rollout R1: 2 of 5 targets go directly to it',
      });
    }
  });

  test.each([
    [
      'finish',
      'running',
      'waits for the end',
      'rollout R1 is running, and holds back 2 of 5 targets: it finishes first',
    ],
    [
      'finish',
      'paused',
      'waits for the end',
      'rollout R1 is paused, and holds back 2 of 5 targets: it finishes first; resume or cancel it',
    ],
    [
      'ask',
      'running',
      'waits for an operator',
      'rollout R1 is running, and holds back 2 of 5 targets: cancel it, or let it finish',
    ],
  ] as const)('%s: a rollout that is %s stays as it is', (mode, state, newer, because) => {
    expect(replaceRollout(mode, { id: 'R1', state }, TARGETS)).toEqual({ supersede: [], newer, because });
  });

  test.each(['replace', 'finish', 'ask'] as const)(
    '%s: a rollout that has ended holds nothing up',
    (mode) => {
      expect(replaceRollout(mode, { id: 'R1', state: 'completed' }, TARGETS)).toEqual({
        supersede: [],
        newer: 'begins',
        because: 'rollout R1 is completed',
      });
    },
  );
});
