import { describe, expect, test } from '@jest/globals';
import { describeRules } from '../../../../domain/heal/describe-healing.ts';
import { unknownRules, viewRules } from '../../../../domain/heal/view-rules.ts';
import { aFinding, aHealing, aStatus, NOW } from '../../../support/healing-view-builders.ts';

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
    expect(describeRules(viewRules({ status, healing }, NOW))).toEqual({ state, text });
  });

  test('unknown with the reason', () => {
    expect(describeRules(unknownRules('Redis does not answer'))).toEqual({
      state: 'unknown',
      text: 'Unknown: Redis does not answer',
    });
  });
});
