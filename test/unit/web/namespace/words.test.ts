import { describe, expect, test } from '@jest/globals';
import type { AttemptEnd } from '../../../../domain/rollout/attempt.ts';
import { endOf, stepName, took } from '../../../../web/namespace/words.ts';
import { anAttempt } from '../../../support/details-builders.ts';

describe('a duration', () => {
  test.each([
    [-5, '0 ms'],
    [0.4, '0 ms'],
    [340, '340 ms'],
    [2_449, '2.4 s'],
    [9_960, '10 s'],
    [59_499, '59 s'],
    [59_600, '1 min 0 s'],
    [65_000, '1 min 5 s'],
    [7_800_000, '2 h 10 min'],
  ])('%d ms is shown as %s', (ms, text) => {
    expect(took(ms)).toBe(text);
  });
});

describe('the end of an attempt', () => {
  test.each([
    [{ outcome: 'bootstrapped' }, 'bootstrapped', 'healthy'],
    [{ end: undefined, outcome: undefined }, 'in progress', 'progressing'],
    [{ end: 'retrying', outcome: undefined }, 'failed, retried', 'outdated'],
    [{ end: 'lost', outcome: undefined }, 'worker lost', 'degraded'],
    [{ end: 'from the future' as AttemptEnd, outcome: undefined }, 'from the future', 'unmanaged'],
  ] as const)('%j', (overrides, word, health) => {
    expect(endOf(anAttempt(overrides))).toEqual({ word, health });
  });
});

test.each([
  [{ kind: 'observe', text: 'read the state of the cluster' }, 'read the state of the cluster'],
  [{ kind: 'plan', text: 'update: image is x' }, 'plan: update: image is x'],
  [{ kind: 'waiting for FDD', text: 'FDD reported RUNNING' }, 'waiting for FDD: FDD reported RUNNING'],
  [{ kind: 'rolling out', text: '' }, 'rolling out'],
])('the step %j is named %j', (step, name) => {
  expect(stepName(step)).toBe(name);
});
