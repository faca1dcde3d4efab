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
  ])('reads %j', (text, value) => {
    expect(parseYaml(text)).toEqual({ ok: true, value });
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

  test('quotes no more than a thousand characters of the input', () => {
    const parsed = parseYaml(`a: *${'x'.repeat(100_000)}`);

    expect(parsed).toEqual({ ok: false, reason: expect.stringMatching(/^.{500,1001}$/s) });
  });
});

function bomb(): string {
  const lines = [...'bcdefghi'].map(
    (key, index) => `${key}: &${key} [${Array(9).fill(`*${'abcdefgh'[index]}`)}]`,
  );
  return ['a: &a [x, x, x]', ...lines].join('\n');
}
