import { describe, expect, test } from '@jest/globals';
import {
  errorIn,
  errorInText,
  isErrorLine,
  isInfoLine,
  plainLog,
  reportsForbidden,
} from '../../../../domain/cluster/fdd-log.ts';

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

test('classifies a line as an error, as information, or as neither', () => {
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

describe("a log in FDD's JSON format", () => {
  const line = (more: Record<string, unknown>) =>
    JSON.stringify({ '@timestamp': 't', '@version': 1, logger: 'x', thread: 'y', ...more });
  const log = [
    'Traceback of somebody else',
    line({ level: 'INFO', message: 'begun' }),
    line({ level: 'ERROR', message: 'no such port' }),
    line({ level: 'ERROR', message: 'failed', throwable: 'Traceback:\n  File "x"\nForbidden: 403' }),
    line({ level: 'INFO', message: 'ended' }),
    '{"not": "an entry"}',
    '{"level": "ERR',
  ].join('\n');

  test('is shown as level and message, followed by the traceback', () => {
    expect(plainLog(log).split('\n')).toEqual([
      'Traceback of somebody else',
      '[t|   INFO] begun [x|y]',
      '[t|  ERROR] no such port [x|y]',
      '[t|  ERROR] failed [x|y]',
      'Traceback:',
      '  File "x"',
      'Forbidden: 403',
      '[t|   INFO] ended [x|y]',
      '{"not": "an entry"}',
      '{"level": "ERR',
    ]);
  });

  test('yields its last error, like a log in plain format', () => {
    expect(errorInText(plainLog(log))).toBe('Forbidden: 403');
    expect(errorInText([INFO, ERROR, INFO].join('\n'))).toBe('no such port');
    expect(errorInText('')).toBeUndefined();
  });
});
