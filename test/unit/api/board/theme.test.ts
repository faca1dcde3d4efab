import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { BOARD_THEME, DARK, FONTS, LIGHT } from '../../../../api/board/theme.ts';

const tokens = readFileSync(new URL('../../../../web/ui/styles/tokens.css', import.meta.url), 'utf8');

function declared(name: string): string {
  return tokens.match(new RegExp(`--${name}: ([^;]+);`))?.[1] ?? '';
}

test.each(Object.keys(LIGHT) as (keyof typeof LIGHT)[])(
  'the board has the same %s as the fleet page',
  (name) => {
    expect(declared(name)).toBe(`light-dark(${LIGHT[name]}, ${DARK[name]})`);
  },
);

test.each(Object.keys(FONTS) as (keyof typeof FONTS)[])(
  'the board has the same %s as the fleet page',
  (name) => {
    expect(declared(name)).toBe(FONTS[name]);
  },
);

test('both themes set the same tokens', () => {
  expect(Object.keys(BOARD_THEME.light ?? {})).toEqual(Object.keys(BOARD_THEME.dark ?? {}));
});
