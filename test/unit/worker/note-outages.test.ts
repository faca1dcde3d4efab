import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { noteOutages } from '../../../worker/note-outages.ts';
import { silentLog } from '../../support/builders.ts';

const EVERY_MS = 5_000;
const NOTED_MS = 60_000;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

function watch() {
  const problems = new Map<string, string>();
  const noted: string[] = [];
  const notes = noteOutages({
    problemOf: (kind) => problems.get(kind),
    state: { noteOutage: async ({ kind }, phase) => void noted.push(`${kind} ${phase}`) },
    log: silentLog,
    everyMs: EVERY_MS,
    notedMs: NOTED_MS,
  });
  return { problems, noted, stop: notes.stop };
}

test('an outage of the API server is noted while it lasts, and at its end', async () => {
  const { problems, noted, stop } = watch();
  problems.set('cluster', 'no route');
  await jest.advanceTimersByTimeAsync(NOTED_MS);
  expect(noted).toEqual([]);
  await jest.advanceTimersByTimeAsync(2 * EVERY_MS);
  expect(noted).toEqual(['cluster begin', 'cluster renew']);
  problems.delete('cluster');
  await jest.advanceTimersByTimeAsync(EVERY_MS);
  stop();

  expect(noted).toEqual(['cluster begin', 'cluster renew', 'cluster end']);
});

test('an outage of Redis is noted when it is over', async () => {
  const { problems, noted, stop } = watch();
  problems.set('redis', 'not connected');
  await jest.advanceTimersByTimeAsync(NOTED_MS + 2 * EVERY_MS);
  expect(noted).toEqual([]);
  problems.delete('redis');
  await jest.advanceTimersByTimeAsync(EVERY_MS);
  stop();

  expect(noted).toEqual(['redis past']);
});

test('a short outage is not noted', async () => {
  const { problems, noted, stop } = watch();
  problems.set('cluster', 'no route');
  await jest.advanceTimersByTimeAsync(NOTED_MS - EVERY_MS);
  problems.delete('cluster');
  await jest.advanceTimersByTimeAsync(10 * EVERY_MS);
  stop();

  expect(noted).toEqual([]);
});
