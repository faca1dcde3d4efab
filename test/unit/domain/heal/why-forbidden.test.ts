import { describe, expect, test } from '@jest/globals';
import { type HealingLimits, whyForbidden } from '../../../../domain/heal/why-forbidden.ts';
import { aConfig, anApplication, aSettledSnapshot } from '../../../support/builders.ts';

const application = anApplication();
const RELEASED = { image: application.image };

function limits(overrides: Partial<HealingLimits> = {}): HealingLimits {
  return {
    snapshot: aSettledSnapshot({ config: { ok: true, value: aConfig() }, application }),
    record: { generation: 1 },
    version: 'v1',
    released: RELEASED,
    hold: undefined,
    closure: undefined,
    ...overrides,
  };
}

describe('healing leaves a namespace alone', () => {
  test('not if its release was requested', () => {
    expect(whyForbidden(limits())).toBeUndefined();
  });

  test.each<[string, Partial<HealingLimits>, RegExp]>([
    [
      'nothing was requested, and its channel is at another release',
      { record: undefined, released: { image: 'other' } },
      /nothing was requested here yet/,
    ],
    [
      'nothing was requested, and its channel is not known',
      { record: undefined, released: undefined },
      /nothing was requested here yet/,
    ],
    [
      'the release that a repair deploys is not known',
      { version: undefined },
      /a repair changes no release, and which one it has is not known/,
    ],
    ['it is held', { hold: { reason: 'an audit', by: 'ann', at: 1 } }, /an audit/],
    ['a freeze has begun', { closure: 'freeze: christmas' }, /freeze: christmas/],
  ])('if %s', (_title, overrides, reason) => {
    expect(whyForbidden(limits(overrides))).toMatch(reason);
  });

  test('not if another Skipper has deployed the release of its channel', () => {
    expect(whyForbidden(limits({ record: undefined }))).toBeUndefined();
  });
});
