import { expect, test } from '@jest/globals';
import { openReceivers } from '../../../api/receivers.ts';
import type { Core } from '../../../shared/core.ts';

const RECEIVER = { name: 'ops', type: 'slack', urlFile: '/x', events: ['rollout-paused'] };

function open(queue: object, receivers: readonly object[] = [RECEIVER], status = 'ready') {
  const removed: string[] = [];
  const core = {
    receivers: { current: () => ({ groupWait: '30s', receivers }), problem: () => undefined },
    notificationQueue: {
      add: async () => ({ id: '7' }),
      getJob: async () => ({}),
      remove: async (id: string) => removed.push(id),
      ...queue,
    },
    state: {},
    redis: { status },
  } as unknown as Core;
  return { receivers: openReceivers(core, { answerMs: 30, pollMs: 1 }), removed };
}

test('without a worker, a test says so, and leaves no job', async () => {
  const { receivers, removed } = open({});

  expect(await receivers.test({ by: 'me' })).toEqual({
    results: [
      {
        receiver: 'ops',
        delivered: false,
        error: 'no worker has sent it within 0.03 s: is one running, and connected to Redis?',
      },
    ],
  });
  expect(removed).toEqual(['7']);
});

test('with a Redis that does not answer, a test says so', async () => {
  const { receivers } = open({ add: async () => Promise.reject(new Error('it hangs')) });

  expect((await receivers.test({ by: 'me' })).results[0]?.error).toBe('Redis does not answer: it hangs');
});

test('without Redis, or without receivers, nothing is tested', async () => {
  await expect(open({}, [RECEIVER], 'end').receivers.test({ by: 'me' })).rejects.toThrow(
    'Redis is not connected',
  );
  await expect(open({}, []).receivers.test({ by: 'me' })).rejects.toThrow(/^there are no receivers/);
});
