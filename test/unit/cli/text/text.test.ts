import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hang, oneLine, truncate, wrap } from '../../../../cli/text/lines.ts';
import { painter } from '../../../../cli/text/paint.ts';
import { drawTable } from '../../../../cli/text/table.ts';
import { age, duration, parseDuration } from '../../../../cli/text/time.ts';

const plain = painter({ hasColor: false });
const coloured = painter({ hasColor: true });

describe('a message from the cluster', () => {
  test('cannot control the terminal', () => {
    expect(oneLine('a\x1b[2Jb\nc\u202ed\x9b1m')).toBe('a [2Jb c d 1m');
  });

  test('is truncated with a mark', () => {
    expect(truncate('exceeded quota', 9)).toBe('exceeded…');
    expect(truncate('exceeded', 8)).toBe('exceeded');
  });

  test('is wrapped between words; no character except spaces is lost, and no line is too long', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z:/.]{1,40}$/), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 5, max: 60 }),
        (words, width) => {
          const lines = wrap(words.join(' '), width);

          expect(lines.join('').replaceAll(' ', '')).toBe(words.join(''));
          for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
        },
      ),
    );
  });

  test('is not wrapped without a width', () => {
    expect(hang('- ', 'a '.repeat(200), undefined)).toHaveLength(1);
    expect(hang('- ', 'one two three four five six seven', 22)).toEqual([
      '- one two three four',
      '  five six seven',
    ]);
  });
});

describe('times', () => {
  test.each([
    [0, '0s'],
    [400, '0.4s'],
    [12_300, '12s'],
    [310_000, '5m10s'],
    [300_000, '5m'],
    [12_000_000, '3h20m'],
    [400_000_000, '4d15h'],
  ])('%d ms last %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  test('an age is in whole seconds, and never negative', () => {
    expect(age(1_999)).toBe('1s');
    expect(age(-5_000)).toBe('0s');
  });

  test.each([
    ['90', 90_000],
    ['90s', 90_000],
    ['5m', 300_000],
    ['1.5h', 5_400_000],
    ['0', 0],
    ['soon', undefined],
    ['', undefined],
    ['-5', undefined],
  ])('"%s" means %s ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });
});

describe('a table', () => {
  const columns = [
    { heading: 'NAMESPACE', cell: (row: readonly string[]) => row[0] ?? '' },
    { heading: 'STATUS', cell: (row: readonly string[]) => ({ text: row[1] ?? '', style: 'red' as const }) },
    { heading: 'CHANNEL', cell: (row: readonly string[]) => row[2] ?? '', dispensable: 2 },
    { heading: 'VERSION', cell: (row: readonly string[]) => row[3] ?? '', dispensable: 1 },
    { heading: 'DETAIL', cell: (row: readonly string[]) => row[4] ?? '' },
  ];
  const row = ['team-a', 'FAILED', 'stable', '20220808113256-eef68a8', 'exceeded quota: pods, requested 1'];

  test('in a pipe keeps every character', () => {
    expect(drawTable(columns, [row, ['b', 'OK']], { width: undefined, paint: plain })).toEqual([
      'NAMESPACE  STATUS  CHANNEL  VERSION                 DETAIL',
      'team-a     FAILED  stable   20220808113256-eef68a8  exceeded quota: pods, requested 1',
      'b          OK      -        -                       -',
    ]);
  });

  test('that is too narrow leaves the least important columns out, and truncates the last', () => {
    const [heading] = drawTable(columns, [row], { width: 72, paint: plain });
    expect(heading).toContain('VERSION');
    expect(heading).not.toContain('CHANNEL');

    expect(drawTable(columns, [row], { width: 48, paint: plain })).toEqual([
      'NAMESPACE  STATUS  DETAIL',
      'team-a     FAILED  exceeded quota: pods, reques…',
    ]);
  });

  test('fits any width that has room for its narrowest columns', () => {
    const text = fc.string({ maxLength: 70 });
    fc.assert(
      fc.property(
        fc.array(fc.array(text, { minLength: 5, maxLength: 5 }), { maxLength: 5 }),
        fc.integer({ min: 24, max: 200 }),
        (rows, width) => {
          for (const line of drawTable(columns, rows, { width, paint: plain })) {
            expect(line.length).toBeLessThanOrEqual(width);
          }
        },
      ),
    );
  });

  test('has the same width with and without color', () => {
    const options = { width: 60 };
    const lines = drawTable(columns, [row], { ...options, paint: coloured });

    expect(lines.join('')).toContain('\x1b[31mFAILED\x1b[39m');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape codes of colours
    expect(lines.map((line) => line.replace(/\x1b\[\d+m/g, ''))).toEqual(
      drawTable(columns, [row], { ...options, paint: plain }),
    );
  });
});
