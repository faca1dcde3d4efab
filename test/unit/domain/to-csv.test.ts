import { describe, expect, test } from '@jest/globals';
import { toCsv } from '../../../domain/to-csv.ts';

describe('CSV', () => {
  test.each<[string, unknown, string]>([
    ['a text', 'stable', 'stable'],
    ['an undefined value', undefined, ''],
    ['a number', 12, '12'],
    ['commas and quotes', 'pods "x", y', '"pods ""x"", y"'],
    ['a line break', 'one\ntwo', '"one\ntwo"'],
    ['a time', Date.UTC(2026, 0, 1), '2026-01-01T00:00:00.000Z'],
    ['a text that a spreadsheet would run', '=HYPERLINK("http://evil")', '"\'=HYPERLINK(""http://evil"")"'],
  ])('%s', (_what, since, expected) => {
    expect(toCsv([{ since }], ['since'])).toEqual(['since', expected]);
  });
});
