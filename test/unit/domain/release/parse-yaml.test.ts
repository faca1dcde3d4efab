import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseYaml } from '../../../../domain/release/parse-yaml.ts';

describe('parseYaml', () => {
  // The results of PyYAML's yaml.safe_load, which upstream and FDD use.
  test.each([
    ['yes', true],
    ['No', false],
    ['on', true],
    ['OFF', false],
    ['true', true],
    ['"on"', 'on'],
    ['y', 'y'],
    ['n', 'n'],
    ['~', null],
    ['', null],
    ['017', 15],
    ['0x1F', 31],
    ['1_000', 1000],
    ['1.5', 1.5],
    ['v1.10.0', 'v1.10.0'],
    ['128Mi', '128Mi'],
    ['a: [1, {b: 2}]', { a: [1, { b: 2 }] }],
    ['1: a', { 1: 'a' }],
    ['p: &p {a: 1, b: 1}\nq: {<<: *p, b: 2}', { p: { a: 1, b: 1 }, q: { a: 1, b: 2 } }],
    ['{x: 1, y: 2}', { x: 1, y: 2 }],
    ['08', '08'],
    ['1e3', '1e3'],
    ['449e6', '449e6'],
    ['1.5e3', '1.5e3'],
    ['1.5e+3', 1500],
    ['+.5', '+.5'],
    ['.5', 0.5],
    ['.', '.'],
    ['1:30', 90],
    ['09:30', '09:30'],
    ['a: |\n  b\tc\n', { a: 'b\tc\n' }],
    ['"a\tb"', 'a\tb'],
    ['\ufeffa: 1', { a: 1 }],
  ])('reads %j', (text, value) => {
    expect(parseYaml(text)).toEqual({ ok: true, value });
  });

  test.each([
    ['an unknown tag', 'a: !vault x', /Unresolved tag at line 1, column 4/],
    ['a tab after a value', 'a: b\t\n', /a tab between words/],
    ['a tab before a value', 'a:\tb', /a tab between words/],
    ['a control character', 'a: "\u0007"', /control character U\+0007/],
    ['a list as a key', '? [a]\n: 1', /cannot be a key/],
    ['two merges', '<<: {a: 1}\n<<: {a: 2}', /must be unique/],
  ])('refuses %s, on which PyYAML ends', (_what, text, reason) => {
    expect(parseYaml(text)).toEqual({ ok: false, reason: expect.stringMatching(reason) });
  });

  test.each([
    ['a: 1\nb: 2\na: 3', { a: 3, b: 2 }, ['a']],
    ['{a: {b: 1, b: 2}, c: 1, c: 2, c: 3}', { a: { b: 2 }, c: 3 }, ['b', 'c']],
    ['on: 1\ntrue: 2', { true: 2 }, ['on']],
    ['a: 1\na: {b: 1}', { a: { b: 1 } }, ['a']],
  ])('takes the last of duplicate keys, and names them: %j', (text, value, duplicateKeys) => {
    expect(parseYaml(text)).toEqual({ ok: true, value, duplicateKeys });
  });

  test.each([
    ['p: *SECRET', 'Unresolved alias (the anchor must be set before the alias)'],
    ['p: !SECRET', 'Unresolved tag at line 1, column 4:'],
    ['p: !e!SECRET x', 'Could not resolve tag at line 1, column 4:'],
    ['p: !<SECRET> x', 'Unresolved tag at line 1, column 4:'],
    ['p: !<!> SECRET', "Verbatim tags aren't resolved, so this is invalid at line 1, column 4:"],
    ['%SECRET x\n---\na: 1', 'Unknown directive at line 1, column 1:'],
    ['%YAML SECRET\n---\na: 1', 'Unsupported YAML version at line 1, column 7:'],
    ['p: |SECRET', 'Block scalar header includes extra characters at line 1, column 5:'],
    ['p: "\\USECRET78"', 'Invalid escape sequence at line 1, column 5:'],
    ['p: !!omap [SECRET: 1, SECRET: 2]', 'Ordered maps must not include duplicate keys at line 1, column 4:'],
    [
      'p: {a: SECRET\n',
      'Flow map in block collection must be sufficiently indented and end with a } at line 2, column 1:',
    ],
  ])('refuses %j without quoting it: it can have a secret', (text, problem) => {
    expect(parseYaml(text)).toEqual({ ok: false, reason: `is not valid YAML: ${problem}` });
  });

  test('reads tabs between words for kubectl', () => {
    expect(parseYaml('a:\tb\t\n', { allowTabs: true })).toEqual({ ok: true, value: { a: 'b' } });
  });

  test('returns JSON or a reason, for any text', () => {
    const text = fc.string({ unit: fc.constantFrom(...'ab:-[]{}&*!|>%@#"\'\n \t,1.~?<y_') });

    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: 'binary' })), (yaml) => {
        const parsed = parseYaml(yaml);
        if (parsed.ok) expect(JSON.stringify(parsed.value)).not.toBeUndefined();
        else expect(parsed.reason).toContain('YAML');
      }),
    );
  });

  // If the library composed it, each of these would block the process for minutes or exhaust its memory.
  test.each([
    ['brackets', '['.repeat(1_000_000), /nested more than 100 deep/],
    ['braces', '{'.repeat(1_000_000), /nested more than 100 deep/],
    ['lists in lists', '- '.repeat(500_000), /nested more than 100 deep/],
    ['indentation', Array.from({ length: 1_000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'), /deep/],
    ['keys', Array.from({ length: 60_000 }, (_, index) => `k${index}: 1`).join('\n'), /20000 tokens/],
    ['aliases of aliases', bomb(), /alias/],
    ['itself', 'a: &a [*a]', /circular/],
  ])('rejects a document with too many %s', (_what, text, reason) => {
    expect(parseYaml(text)).toEqual({ ok: false, reason: expect.stringMatching(reason) });
  });

  test('reads documents as deep and long as a person would write', () => {
    const lines = Array.from({ length: 2_000 }, (_, index) => `key-${index}: value ${index}`);
    const deep = `${'{a: '.repeat(40)}1${'}'.repeat(40)}`;

    expect(parseYaml(lines.join('\n'))).toMatchObject({ ok: true, value: { 'key-1999': 'value 1999' } });
    expect(parseYaml(deep).ok).toBe(true);
  });

  test('quotes nothing of a long input', () => {
    const parsed = parseYaml(`a: *${'x'.repeat(100_000)}`);

    expect(parsed).toEqual({ ok: false, reason: expect.stringMatching(/^.{0,100}$/s) });
  });
});

function bomb(): string {
  const lines = [...'bcdefghi'].map(
    (key, index) => `${key}: &${key} [${Array(9).fill(`*${'abcdefgh'[index]}`)}]`,
  );
  return ['a: &a [x, x, x]', ...lines].join('\n');
}
