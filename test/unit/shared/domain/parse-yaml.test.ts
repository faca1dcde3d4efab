import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseYaml } from '../../../../shared/domain/parse-yaml.ts';

describe('parseYaml', () => {
  // What yaml.safe_load of PyYAML, upstream's and FDD's reader, makes of it.
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

  test('gives JSON, or a reason, whatever it reads', () => {
    const text = fc.string({ unit: fc.constantFrom(...'ab:-[]{}&*!|>%@#"\'\n \t,1.~?<y_') });

    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: 'binary' })), (yaml) => {
        const parsed = parseYaml(yaml);
        if (parsed.ok) expect(JSON.stringify(parsed.value)).not.toBeUndefined();
        else expect(parsed.reason).toContain('YAML');
      }),
    );
  });
});
