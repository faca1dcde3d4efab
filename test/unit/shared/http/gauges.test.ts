import { describe, expect, test } from '@jest/globals';
import type { Queue } from 'bullmq';
import type { Core } from '../../../../shared/core.ts';
import { brokenWatches, coreProblems, coreWarnings, refreshGauges } from '../../../../shared/http/gauges.ts';
import type { RedisConnection } from '../../../../shared/redis.ts';
import { createFakeCore } from '../../../support/fake-core.ts';

type Watches = ReturnType<Core['cluster']['watches']>;

const HEALTHY = {
  name: 'pods',
  synced: true,
  position: '1',
  lastHeardAt: 0,
  relists: 1,
  problem: undefined,
  refused: false,
};

function aCore({ getJobCounts, status = 'ready', watches = [] }: Partial<Facts>): Core {
  const { core } = createFakeCore();
  return {
    ...core,
    redis: { status } as RedisConnection,
    deployQueue: { ...core.deployQueue, getJobCounts } as unknown as Queue,
    cluster: { ...core.cluster, watches: () => watches },
    state: { inFlight: async () => 3 } as unknown as Core['state'],
  };
}

interface Facts {
  readonly getJobCounts: () => Promise<Readonly<Record<string, number>>>;
  readonly status: string;
  readonly watches: Watches;
}

async function exported(core: Core, name: RegExp): Promise<string[]> {
  await refreshGauges(core);
  return (await core.metrics.registry.metrics()).split('\n').filter((line) => name.test(line));
}

describe('refreshGauges', () => {
  const OF_REDIS = /^skipper_(redis_up|queue_jobs|namespaces_in_flight)/;

  test('exports job counts while Redis answers', async () => {
    const core = aCore({ getJobCounts: async () => ({ waiting: 2 }) });

    expect(await exported(core, OF_REDIS)).toEqual([
      'skipper_queue_jobs{state="waiting"} 2',
      'skipper_redis_up 1',
      'skipper_namespaces_in_flight 3',
    ]);
  });

  test.each<[string, Partial<Facts>]>([
    ['is down', { status: 'reconnecting', getJobCounts: async () => ({ waiting: 2 }) }],
    [
      'is connected and does not answer',
      { getJobCounts: () => Promise.reject(new Error('Command timed out')) },
    ],
  ])('exports no job counts while Redis %s', async (_how, facts) => {
    const before = aCore({ getJobCounts: async () => ({ waiting: 2 }) });
    await refreshGauges(before);

    const core = { ...aCore(facts), metrics: before.metrics };

    expect(await exported(core, OF_REDIS)).toEqual(['skipper_redis_up 0']);
  });
});

describe('coreProblems', () => {
  const problems = (watch: Partial<Watches[number]>) =>
    coreProblems(aCore({ watches: [{ ...HEALTHY, ...watch }] }));

  test('is empty when everything is healthy, and while a watch is interrupted', () => {
    expect(problems({})).toEqual([]);
    expect(problems({ problem: 'socket hang up' })).toEqual([]);
  });

  test('lists a problem of a connected Redis', () => {
    const core = aCore({});
    const redisHealth = { ...core.redisHealth, problems: () => [{ text: 'Redis is full', blocks: true }] };

    expect(coreProblems({ ...core, redisHealth })).toEqual(['Redis is full']);
  });

  test('lists resources that were never read or can no longer be watched', () => {
    expect(problems({ synced: false, problem: '404' })).toEqual(['pods not read yet: 404']);
    expect(problems({ problem: 'cannot watch pods', refused: true })).toEqual([
      'pods not followed any more: cannot watch pods',
    ]);
  });
});

describe('a missing CRD', () => {
  const trouble = { since: 0, reason: '404', code: 'crd_missing' } as const;
  const core = (watch: Partial<Watches[number]>) => aCore({ watches: [{ ...HEALTHY, trouble, ...watch }] });

  test('is named with what to do, before the first list and after it', () => {
    expect(coreProblems(core({ synced: false, problem: '404' }))).toEqual([
      expect.stringMatching(/^pods not read yet: 404\. Start or restart a worker .*kubectl get crd app/),
    ]);
    expect(brokenWatches(core({ problem: '404' }), 70_000)).toEqual([
      expect.stringMatching(/^pods not followed for 70 s: 404\. Start or restart a worker/),
    ]);
  });
});

describe('brokenWatches', () => {
  const NOW = 100_000;
  const broken = (watch: Partial<Watches[number]>) =>
    brokenWatches(aCore({ watches: [{ ...HEALTHY, ...watch }] }), NOW);

  test('lists a watch that has been broken for a while, but not one that was just interrupted', () => {
    expect(broken({})).toEqual([]);
    expect(broken({ trouble: { since: NOW - 9_000, reason: 'cut' } })).toEqual([]);
    expect(broken({ trouble: { since: NOW - 70_000, reason: 'socket hang up' } })).toEqual([
      'pods not followed for 70 s: socket hang up',
    ]);
  });

  test('omits resources that were never read or are refused: coreProblems lists them', () => {
    const trouble = { since: 0, reason: '403' };

    expect(broken({ trouble, refused: true })).toEqual([]);
    expect(broken({ trouble, synced: false })).toEqual([]);
  });
});

test('warnings name the release server and the collector that do not answer', () => {
  const warnings = coreWarnings({
    releases: { problems: () => ['release source x: no complete answer within 10 s'] },
    telemetry: { problems: () => ['traces cannot be sent to y: refused'] },
  } as unknown as Core);

  expect(warnings).toEqual([
    'release source x: no complete answer within 10 s',
    'traces cannot be sent to y: refused',
  ]);
});
