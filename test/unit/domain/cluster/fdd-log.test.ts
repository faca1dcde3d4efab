import { describe, expect, test } from '@jest/globals';
import { errorIn, isErrorLine, isInfoLine, reportsForbidden } from '../../../../domain/cluster/fdd-log.ts';

const INFO = '[2026-01-01 10:00:00|   INFO] begun [x|y]';
const ERROR = '[2026-01-01 10:00:01|  ERROR] no such port [x|y]';

describe('errorIn', () => {
  test.each([
    ['no lines', [], undefined],
    ['no error', [INFO], undefined],
    ['one error', [INFO, ERROR, INFO], 'no such port'],
    [
      'a traceback',
      [ERROR, '[t|  ERROR] failed [x|y]\nTraceback:\n  File "x"\nForbidden: 403\n'],
      'Forbidden: 403',
    ],
  ])('quotes the last error of a log with %s', (_what, logs, error) => {
    expect(errorIn(logs)).toBe(error);
  });

  test('truncates a long message', () => {
    expect(errorIn([`[t|  ERROR] ${'x'.repeat(5_000)} [x|y]`])?.length).toBe(300);
  });
});

test('a line is an error, information, or neither', () => {
  expect([ERROR, INFO, 'text'].map(isErrorLine)).toEqual([true, false, false]);
  expect([ERROR, INFO, 'text'].map(isInfoLine)).toEqual([false, true, false]);
});

test.each([
  ['403 on poddisruptionbudgets', true],
  ['Forbidden: cannot list applications', true],
  ['listening on port 4030', false],
])('%j reports a missing permission: %s', (line, expected) => {
  expect(reportsForbidden([INFO, line])).toBe(expected);
});
