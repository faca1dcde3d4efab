import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createJobLog } from '../../../worker/job-log.ts';

beforeEach(() => {
  jest.useFakeTimers({ now: 0 });
});
afterEach(() => {
  jest.useRealTimers();
});

function open() {
  const entries: string[] = [];
  return { log: createJobLog((entry) => void entries.push(entry)), entries };
}

describe('createJobLog', () => {
  test('writes lines that follow each other as one entry, each with its time', () => {
    const { log, entries } = open();

    log.add('plan: update');
    jest.advanceTimersByTime(20);
    log.add('updated');
    log.flush();

    expect(entries).toEqual(['1970-01-01T00:00:00.000Z plan: update\n1970-01-01T00:00:00.020Z updated']);
  });

  test('does not keep a line for longer than half a second', () => {
    const { log, entries } = open();

    log.add('plan: update');
    jest.advanceTimersByTime(500);

    expect(entries).toEqual(['1970-01-01T00:00:00.000Z plan: update']);
  });

  test('writes each line once, and nothing if there is none', () => {
    const { log, entries } = open();

    log.flush();
    log.add('plan: update');
    log.flush();
    log.flush();
    jest.advanceTimersByTime(5_000);

    expect(entries).toHaveLength(1);
  });
});
