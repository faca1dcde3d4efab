import { describe, expect, test } from '@jest/globals';
import type { Advance, KnownRollout } from '../../../shared/state/rollout-control.ts';
import { decideRolloutJob } from '../../../worker/decide-rollout-job.ts';
import { aRollout, silentLog } from '../../support/builders.ts';

const MINUTE_MS = 60_000;

/** One target, which started an hour ago and can take five minutes. */
function hung(status: Partial<KnownRollout['status']>): KnownRollout {
  const startedAt = Date.now() - 60 * MINUTE_MS;
  return {
    rollout: aRollout({
      strategy: {
        type: 'Progressive',
        waves: [{ size: 1, isCanary: false, maxFailures: 1 }],
        maxConcurrency: 1,
        maxFailures: 1,
        minSuccessMs: 0,
        progressDeadlineMs: 5 * MINUTE_MS,
        approval: false,
      },
    }),
    status: {
      state: 'running',
      reason: '',
      because: '',
      changedAt: 1,
      failures: [],
      revision: 1,
      seq: 0,
      ...status,
    },
    targets: new Map([['a', { state: 'running', startedAt }]]),
    plans: new Map([
      [
        'a',
        { wave: 0, order: 0, because: '', release: 'key', version: 'v1', channel: '', admittedAt: startedAt },
      ],
    ]),
  };
}

async function decide(known: KnownRollout, problem?: string): Promise<Advance | undefined> {
  let advanced: Advance | undefined;
  await decideRolloutJob(known.rollout.id, {
    state: {
      now: Date.now,
      knownRollout: async () => known,
      advance: async (advance) => {
        advanced = advance;
        return { kind: 'done', targets: [], left: [] };
      },
      forgetRollout: async () => undefined,
      records: async () => new Map(),
      holds: async () => new Map(),
    },
    cluster: {
      snapshot: (namespace) => ({ namespace }) as never,
      watches: () => [{ problem, refused: false }] as never,
    },
    client: { get: async () => undefined },
    jobs: { enqueue: async () => undefined, has: async () => true },
    policy: { current: () => ({}) },
    log: silentLog,
  });
  return advanced;
}

describe('the time that a target can take', () => {
  test('is over if workers decided all the time', async () => {
    const advanced = await decide(hung({ wakeAt: Date.now() - 5_000 }));

    expect(advanced?.ends).toMatchObject([{ namespace: 'a', state: 'failed', code: 'progress_deadline' }]);
  });

  test('begins again after no worker has decided for a while', async () => {
    const advanced = await decide(hung({ wakeAt: Date.now() - MINUTE_MS }));

    expect(advanced?.ends).toEqual([]);
    expect(advanced?.deadlinesFrom).toBeGreaterThan(Date.now() - 5_000);
    expect(advanced?.wakeAt).toBeLessThanOrEqual(Date.now() + MINUTE_MS / 2);
  });

  test('begins again after the API server was unreachable', async () => {
    const advanced = await decide(hung({ wakeAt: Date.now() }), 'ECONNREFUSED');

    expect(advanced?.deadlinesFrom).toBeGreaterThan(Date.now() - 5_000);
    expect(await decide(hung({ wakeAt: Date.now(), deadlinesFrom: advanced?.deadlinesFrom }))).toMatchObject({
      ends: [],
    });
  });
});
