import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { connectRedis, type RedisConnection, untilReady } from '../../shared/redis.ts';
import { type DesiredState, openDesiredState } from '../../shared/state/desired-state.ts';
import { aRedisAddress, silentLog } from '../support/builders.ts';
import { NEW, OLD } from '../support/published.ts';
import { useWorld } from '../support/simulated-world.ts';
import { UNTIL_TIMEOUT_MS, until } from '../support/until.ts';

const QPS = 10;
/** A full bucket holds the requests of one second. */
const BURST = QPS;

const world = useWorld({ fdds: 'instant', flags: { 'kube-api-qps': QPS } }, (opened) => opened.startApi());

const KEY = '{skipper}:api-budget';

let redis: RedisConnection;
let state: DesiredState;

beforeAll(async () => {
  redis = connectRedis(aRedisAddress(world.redis.url), silentLog);
  await untilReady(redis, AbortSignal.timeout(UNTIL_TIMEOUT_MS));
  state = openDesiredState(redis);
  world.onClose(async () => redis.disconnect());
});
afterEach(async () => {
  world.cluster.faults.rejectRate429 = 0;
  await redis.del(KEY);
});

describe('the budget of requests, in Redis', () => {
  const draw = (wanted: { urgent?: number; others?: number; congested?: boolean; qps?: number } = {}) =>
    state.draw({ qps: QPS, urgent: 0, others: 0, congested: false, ...wanted });
  const lastDrawAt = async () => Number(await redis.hget(KEY, 'at'));

  /** A draw for which no time has passed since the one before, however long the machine takes. */
  const drawAtOnce = async (wanted: Parameters<typeof draw>[0]) => {
    await redis.hset(KEY, 'at', Date.now() + 3_600_000);
    return draw(wanted);
  };

  /** A draw after at least `ms`, and how long after the one before it really was. */
  const drawAfter = async (ms: number, wanted?: Parameters<typeof draw>[0]) => {
    const before = await redis.hincrby(KEY, 'at', -ms);
    await redis.hincrby(KEY, 'halvedAt', -ms);
    const drawn = await draw(wanted);
    return { ...drawn, passedMs: (await lastDrawAt()) - before };
  };
  const risen = (rate: number, passedMs: number) => Math.min(QPS, rate + (QPS * passedMs) / 60_000);

  test('gives one second of requests at once, and keeps a fifth for people', async () => {
    expect(await draw({ others: 100 })).toMatchObject({ others: 8, rate: 10 });
    expect(await drawAtOnce({ urgent: 2, others: 100 })).toMatchObject({ urgent: 2, others: 0 });
  });

  test('refills with time, up to one second of requests', async () => {
    await draw({ urgent: 100 });

    const { urgent, passedMs } = await drawAfter(500, { urgent: 100 });
    expect(urgent).toBe(Math.min(10, Math.floor((QPS * passedMs) / 1_000)));
    expect(await drawAfter(60_000, { urgent: 100 })).toMatchObject({ urgent: 10 });
  });

  test('says how long to wait for the next', async () => {
    // One request takes 100 ms; the others start when the fifth for people is full.
    expect(await draw({ urgent: 11 })).toMatchObject({ urgent: 10, waitMs: 100 });
    expect(await drawAtOnce({ others: 1 })).toMatchObject({ others: 0, waitMs: 300 });
  });

  test('halves at congestion, once in two seconds, and rises to the setting within a minute', async () => {
    await draw();

    expect(await draw({ congested: true })).toMatchObject({ rate: 5 });
    const soon = await drawAfter(1_500, { congested: true });
    expect(soon.rate).toBeCloseTo(risen(5, soon.passedMs) / (soon.passedMs < 2_000 ? 1 : 2), 5);
    const again = await drawAfter(2_000, { congested: true });
    expect(again.rate).toBeCloseTo(risen(soon.rate, again.passedMs) / 2, 5);
    const later = await drawAfter(15_000);
    expect(later.rate).toBeCloseTo(risen(again.rate, later.passedMs), 5);
    expect(await drawAfter(60_000)).toMatchObject({ rate: 10 });
  });

  test('never stops', async () => {
    for (let n = 0; n < 20; n += 1) await drawAfter(2_000, { congested: true });

    const { rate } = await drawAfter(2_000);
    expect(rate).toBeGreaterThanOrEqual(1);
    // At least two at once, however low the rate is.
    expect(await drawAtOnce({ urgent: 100 })).toMatchObject({ urgent: Math.max(2, Math.floor(rate)) });
  });

  test('follows a lower setting at once', async () => {
    await draw();

    expect(await draw({ qps: 4, others: 100 })).toMatchObject({ rate: 4, others: 3 });
  });
});

describe('a rollout', () => {
  test('stays within the budget when several workers start at once', async () => {
    const names = await world.addNamespaces('many', 60, { fdd: OLD });
    const { id } = await world.deploy({ namespaces: names });

    const began = Date.now();
    const workers = await Promise.all([1, 2, 3, 4].map(() => world.startWorker()));
    await world.rolloutFinished(id);
    for (const worker of workers) await worker.stop();

    const times = names.flatMap((namespace) =>
      world.audit({ namespace, resource: 'applications', verb: 'patch' }).map(({ at }) => at.getTime()),
    );
    expect(times).toHaveLength(60);
    expect(mostBeyond({ times, since: began })).toBeLessThanOrEqual(BURST);
  });

  test('does not write what a newer request replaces while it waits, and people go first', async () => {
    const names = await world.addNamespaces('queued', 20, { fdd: OLD });
    await world.withWorker({ flags: { 'kube-api-qps': 2 } }, async () => {
      const first = await world.deploy({ namespaces: names });
      await until(async () => (await world.rollout(first.id)).counts.pending === 0, 'all have begun');
      const { targets } = await world.rollout(first.id);
      const last =
        targets.findLast(({ namespace }) => world.changes(namespace).length === 0)?.namespace ?? '';

      const newer = await world.rolloutFinished((await world.deploy({ namespaces: [last] })).id);
      const { counts } = await world.rollout(first.id);
      const older = (await world.rolloutFinished(first.id)).targets.find(
        ({ namespace }) => namespace === last,
      );

      expect(newer.targets[0]).toMatchObject({ state: 'completed', outcome: 'updated' });
      expect(counts.running).toBeGreaterThan(0);
      expect(older).toMatchObject({ state: 'superseded' });
      expect(world.changes(last)).toEqual(['patch applications']);
    });
  });

  test('is slowed down by an API server that throttles, shows it, and is verified', async () => {
    const names = await world.addNamespaces('slow', 20, { fdd: OLD });
    world.cluster.faults.method = /^PATCH$/;
    world.cluster.faults.rejectRate429 = 0.5;
    world.cluster.faults.retryAfterSeconds = 1;

    await world.withWorker({}, async (worker) => {
      const { id } = await world.deploy({ namespaces: names });
      await until(async () => (await budgetOf(worker.url)) < QPS, 'the budget is halved');
      world.cluster.faults.rejectRate429 = 0;
      const { targets } = await world.rolloutFinished(id);

      expect(targets.map(({ state, version }) => [state, version])).toEqual(
        names.map(() => ['completed', NEW]),
      );
    });
  });
});

/**
 * How many more requests arrived until any of these times than the rate gives. Counted from the start: between two later times,
 * requests that were late may arrive together with those that follow.
 */
function mostBeyond({ times, since }: { times: readonly number[]; since: number }): number {
  const sorted = [...times].sort((a, b) => a - b);
  return Math.max(...sorted.map((at, before) => before + 1 - ((at - since) / 1_000) * QPS));
}

async function budgetOf(url: string): Promise<number> {
  const { text } = await world.http('/_/metrics', { url });

  return Number(/^skipper_api_budget_qps (\S+)$/m.exec(text)?.[1] ?? QPS);
}
