import { describe, expect, test } from '@jest/globals';
import { luaJson } from '../../../../shared/state/lua-json.ts';

describe('luaJson', () => {
  test.each([
    ['a whole character', { text: '😀 æ' }],
    ['what only looks like half of one', { text: '\\ud83d', json: JSON.stringify({ text: '\\ud83d' }) }],
    ['nothing', {}],
  ])('leaves %s as it is', (_what, value) => {
    expect(luaJson(value)).toBe(JSON.stringify(value));
  });

  test.each(['\ud83d', '\\\ud83d', 'a\ude00b', '\ud83d\ud83d'])(
    'replaces half of a character in %j',
    (text) => {
      expect(JSON.parse(luaJson({ text }))).toEqual({ text: Buffer.from(text).toString() });
    },
  );
});
