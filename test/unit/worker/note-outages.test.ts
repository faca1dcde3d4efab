import { expect, test } from '@jest/globals';
import { noteOutages } from '../../../worker/note-outages.ts';
import { silentLog } from '../../support/builders.ts';
import { until } from '../../support/until.ts';

function watch(notedMs: number) {
  const problems = new Map<string, string>();
  const noted: string[] = [];
  const notes = noteOutages({
    problemOf: (kind) => problems.get(kind),
    state: { noteOutage: async ({ kind }, phase) => void noted.push(`${kind} ${phase}`) },
    log: silentLog,
    everyMs: 2,
    notedMs,
  });
  return { problems, noted, stop: notes.stop };
}

test('an outage of the API server is noted while it lasts, and at its end', async () => {
  const { problems, noted, stop } = watch(10);
  problems.set('cluster', 'no route');
  await until(() => noted.includes('cluster renew'), 'it is noted and renewed');
  problems.delete('cluster');
  await until(() => noted.includes('cluster end'), 'its end is noted');
  stop();

  expect(noted.filter((each) => each !== 'cluster renew')).toEqual(['cluster begin', 'cluster end']);
});

test('an outage of Redis is noted when it is over', async () => {
  const { problems, noted, stop } = watch(10);
  problems.set('redis', 'not connected');
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(noted).toEqual([]);
  problems.delete('redis');
  await until(() => noted.length > 0, 'it is noted');
  stop();

  expect(noted).toEqual(['redis past']);
});

test('a short outage is not noted', async () => {
  const { problems, noted, stop } = watch(60_000);
  problems.set('cluster', 'no route');
  await new Promise((resolve) => setTimeout(resolve, 10));
  problems.delete('cluster');
  await new Promise((resolve) => setTimeout(resolve, 10));
  stop();

  expect(noted).toEqual([]);
});
