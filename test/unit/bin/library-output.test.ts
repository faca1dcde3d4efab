import { afterEach, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { captureLibraryOutput } from '../../../bin/library-output.ts';

const { log, info, warn, error } = console;

afterEach(() => {
  Object.assign(console, { log, info, warn, error });
});

test('console output of a library becomes a log line', () => {
  const lines: string[] = [];
  captureLibraryOutput(pino({}, { write: (line: string) => void lines.push(line) }));

  console.warn('IMPORTANT! Eviction policy is %s', 'allkeys-lru');

  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: 40, logger: 'library', msg: 'IMPORTANT! Eviction policy is allkeys-lru' },
  ]);
});
