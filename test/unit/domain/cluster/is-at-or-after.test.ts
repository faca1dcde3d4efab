import { describe, expect, test } from '@jest/globals';
import { isAtOrAfter } from '../../../../domain/cluster/is-at-or-after.ts';

describe('isAtOrAfter', () => {
  test.each([
    ['10', '9', true],
    ['9', '9', true],
    ['9', '10', false],
    ['99999999999999999999', '99999999999999999998', true],
    [undefined, '9', undefined],
    ['abc', '9', undefined],
    ['9', 'abc', undefined],
    ['9', '', undefined],
  ])('compares %s and %s', (position, version, expected) => {
    expect(isAtOrAfter(position, version)).toBe(expected);
  });
});
