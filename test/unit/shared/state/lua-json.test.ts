import { describe, expect, test } from '@jest/globals';
import { luaJson } from '../../../../shared/state/lua-json.ts';

describe('luaJson', () => {
  test.each([
    ['a whole character', { text: '😀 æ' }],
    [
      'a text that looks like an escaped surrogate',
      { text: '\\ud83d', json: JSON.stringify({ text: '\\ud83d' }) },
    ],
    ['an empty object', {}],
  ])('leaves %s unchanged', (_what, value) => {
    expect(luaJson(value)).toBe(JSON.stringify(value));
  });

  test.each(['\ud83d', '\\\ud83d', 'a\ude00b', '\ud83d\ud83d'])(
    'replaces half of a surrogate pair in %j',
    (text) => {
      expect(JSON.parse(luaJson({ text }))).toEqual({ text: Buffer.from(text).toString() });
    },
  );
});
