import { expect, test } from '@jest/globals';
import { firstUpper } from '../../../../web/ui/first-upper.ts';

test.each([
  ['no rule holds', 'No rule holds'],
  ['crash-loop: if it lasts', 'crash-loop: if it lasts'],
  ['', ''],
])('%j begins as %j', (text, shown) => {
  expect(firstUpper(text)).toBe(shown);
});
