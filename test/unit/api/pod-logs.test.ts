import { describe, expect, test } from '@jest/globals';
import type { Queue } from 'bullmq';
import { openPodLogs } from '../../../api/pod-logs.ts';
import type { LogJob } from '../../../shared/queues.ts';

const LOG = { pod: 'fdd', container: 'fdd', isPrevious: false, text: 'hello' };

/** A queue whose worker answers after some polls; never, without an answer. */
function open(answer?: object, { isConnected = true, hangs = false } = {}) {
  const added: string[] = [];
  const removed: string[] = [];
  let polls = 0;
  const queue = {
    add: async (_name: string, { namespace }: LogJob) => {
      added.push(namespace);
      if (hangs) await new Promise(() => undefined);
      return { id: namespace };
    },
    getJob: async () => {
      polls += 1;
      return polls > 2 && answer ? { finishedOn: 1, ...answer } : {};
    },
    remove: async (id: string) => removed.push(id),
  };
  const logs = openPodLogs(queue as unknown as Queue<LogJob>, () => isConnected, {
    answerMs: 1_000,
    pollMs: 10,
  });
  return { logs, added, removed };
}

describe('the logs that a worker reads', () => {
  test('are its answer, and do not stay in Redis', async () => {
    const { logs, added, removed } = open({ returnvalue: [LOG] });

    const [first, second] = await Promise.all([logs.read('team-a'), logs.read('team-a')]);

    expect(first).toEqual([LOG]);
    expect(second).toEqual([LOG]);
    expect([added, removed]).toEqual([['team-a'], ['team-a']]);
  });

  test('are unavailable without a worker: the request is withdrawn', async () => {
    const { logs, removed } = open();

    await expect(logs.read('team-a')).rejects.toMatchObject({
      status: 503,
      code: 'logs_unavailable',
      message: expect.stringContaining('no worker has read the logs within 1 s'),
      headers: { 'retry-after': '2' },
    });
    expect(removed).toEqual(['team-a']);
  });

  test('are unavailable at once while Redis is not connected: the queue would wait for it', async () => {
    const { logs, added } = open({ returnvalue: [LOG] }, { isConnected: false });

    await expect(logs.read('team-a')).rejects.toMatchObject({
      status: 503,
      message: 'Redis is not connected',
    });
    expect(added).toEqual([]);
  });

  test('are unavailable in time while Redis hangs, and can be requested again', async () => {
    const { logs, added } = open(undefined, { hangs: true });

    for (let request = 1; request <= 2; request += 1) {
      await expect(logs.read('team-a')).rejects.toMatchObject({
        status: 503,
        message: 'Redis does not answer: no complete answer within 2 s',
      });
      expect(added).toHaveLength(request);
    }
  });

  test('are unavailable if the worker failed', async () => {
    const { logs } = open({ failedReason: 'it broke' });

    await expect(logs.read('team-a')).rejects.toMatchObject({ status: 503, message: 'it broke' });
  });

  test('are read for ten namespaces at once, and not for more', async () => {
    const { logs, added } = open({ returnvalue: [] });
    const ten = Array.from({ length: 10 }, (_, index) => logs.read(`team-${index}`));

    await expect(logs.read('one-more')).rejects.toMatchObject({ status: 503 });

    await Promise.all(ten);
    expect(added).toHaveLength(10);
    expect(await logs.read('one-more')).toEqual([]);
  });
});
