import { expect, test } from '@jest/globals';
import { createRest } from '../../../worker/rest.ts';
import { silentLog } from '../../support/builders.ts';

test('a worker rests while any reason is active, and resumes when the last one ends', () => {
  const journal: string[] = [];
  const worker = {
    pause: async (doNotWait?: boolean) => void journal.push(`pause ${doNotWait}`),
    resume: async () => void journal.push('resume'),
  };
  const rest = createRest(() => worker, silentLog);

  rest.begin('cluster');
  rest.begin('redis');
  rest.begin('redis');
  rest.end('cluster');
  const before = [...journal];
  rest.end('redis');
  rest.end('redis');

  expect(before).toEqual(['pause true']);
  expect(journal).toEqual(['pause true', 'resume']);
});
