import { describe, expect, test } from '@jest/globals';
import {
  describeCounts,
  describeRules,
  healingWords,
  isWellAgain,
  reasonOf,
} from '../../../../domain/heal/describe-healing.ts';
import { unknownRules, viewRules } from '../../../../domain/heal/view-rules.ts';
import { aFinding, aHealing, aPass, aStatus, NOW } from '../../../support/healing-builders.ts';

test('the counts name what is shown although no rule holds there', () => {
  expect(describeCounts(aStatus({ sick: 3, states: { waiting: 2, healing: 2 } }))).toBe(
    '3 of 200 namespaces not well, 1 recovering or well again',
  );
  expect(describeCounts(aStatus({ sick: 3, fleet: 3, states: { waiting: 3 } }))).toBe(
    '3 of 3 namespaces not well',
  );
});

describe('all rules in one sentence', () => {
  test.each([
    ['ok', aStatus(), undefined, 'No rule holds'],
    ['holds', aStatus(), aHealing(), '1 rule holds: crash-loop'],
    [
      'holds',
      aStatus({ isDeafKnown: false }),
      aHealing({ findings: [aFinding('oom'), aFinding('unavailable')] }),
      '2 rules hold: oom, unavailable',
    ],
    ['unknown', aStatus({ isDeafKnown: false }), undefined, 'No rule is known to hold; unknown: deaf'],
    ['off', aStatus({ mode: 'off' }), undefined, 'Healing is off: no rule is checked'],
  ])('%s', (state, status, healing, text) => {
    expect(describeRules(viewRules(aPass({ status, healing }), NOW))).toEqual({ state, text });
  });

  test('unknown with the reason', () => {
    expect(describeRules(unknownRules('Redis does not answer'))).toEqual({
      state: 'unknown',
      text: 'Unknown: Redis does not answer',
    });
  });
});

describe('a namespace that is well again', () => {
  const well = aHealing({ state: 'watching', findings: [], wellSince: NOW, reason: 'well' });

  test('is not said to be watched because a rule holds', () => {
    expect(isWellAgain(well)).toBe(true);
    expect(healingWords(well).word).toBe('Well again');
    expect(reasonOf(well)).toMatch(/remembered for some time/);
  });

  test('differs from one in which a rule holds, but not for long', () => {
    const watched = aHealing({ state: 'watching', reason: '' });
    expect(isWellAgain(watched)).toBe(false);
    expect(healingWords(watched).word).toBe('Watching');
    expect(reasonOf(watched)).toBe('a rule holds, but not for long enough to act');
    expect(reasonOf(aHealing({ reason: 'why' }))).toBe('why');
  });
});
