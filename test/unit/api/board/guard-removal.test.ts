import { describe, expect, test } from '@jest/globals';
import type { JobState } from 'bullmq';
import { guardRemoval } from '../../../../api/board/guard-removal.ts';

function open(state: JobState | 'unknown') {
  let removals = 0;
  const job = guardRemoval({
    getState: async () => state,
    remove: async () => {
      removals += 1;
    },
  });
  return { job, removals: () => removals };
}

describe('guardRemoval', () => {
  test.each(['completed', 'failed'] as const)('removes a job that is %s', async (state) => {
    const { job, removals } = open(state);

    await job.remove();

    expect(removals()).toBe(1);
  });

  test.each(['waiting', 'active', 'delayed', 'prioritized', 'waiting-children', 'unknown'] as const)(
    'refuses to remove a job that is %s, and gives the reason',
    async (state) => {
      const { job, removals } = open(state);

      await expect(job.remove()).rejects.toMatchObject({
        status: 409,
        message: expect.stringContaining(`this job is ${state}: its request stays`),
      });
      expect(removals()).toBe(0);
    },
  );
});
