import { describe, expect, test } from '@jest/globals';
import type { Counter, Gauge } from 'prom-client';
import { SkipperError } from '../../../domain/errors.ts';
import { createMetrics } from '../../../shared/metrics.ts';
import { pause } from '../../../shared/pause.ts';
import type { DrawnRequests, WantedRequests } from '../../../shared/state/api-budget.ts';
import { paceRequests } from '../../../worker/pace-requests.ts';
import { until } from '../../support/until.ts';

const NEVER = new AbortController().signal;

/** A pace whose budget gives these, one after the other, and then nothing. */
function pacedBy(
  answers: readonly Partial<DrawnRequests>[],
  { qps = 10, fails = false, maxSending = 60, check = (): void => undefined } = {},
) {
  const left = [...answers];
  const draws: WantedRequests[] = [];
  const metrics = createMetrics();
  const draw = async (wanted: WantedRequests) => {
    draws.push(wanted);
    if (fails) throw new SkipperError('redis_unavailable', 'Redis is not connected');
    return { urgent: 0, others: 0, waitMs: 20, rate: qps, ...left.shift() };
  };
  const pace = paceRequests({ qps, maxSending, budget: { draw }, metrics });
  const entered: string[] = [];
  const enter = (name: string, isUrgent = false, signal = NEVER) =>
    pace.enter({ isUrgent, signal, check }).then(
      () => void entered.push(name),
      (error: Error) => void entered.push(`${name}: ${error.message}`),
    );
  return { pace, enter, entered, draws, metrics };
}

async function readingOf(metric: Pick<Gauge, 'get'> | Pick<Counter, 'get'>): Promise<number | undefined> {
  return (await metric.get()).values[0]?.value;
}

describe('paceRequests', () => {
  test('requests of the same turn share a draw, and enter in order', async () => {
    const { enter, entered, draws } = pacedBy([{ others: 2 }, { others: 1 }]);

    for (const name of ['a', 'b', 'c']) void enter(name);
    await pause(0);
    expect(entered).toEqual(['a', 'b']);
    await until(() => entered.length === 3, 'all have entered');

    expect(entered).toEqual(['a', 'b', 'c']);
    expect(draws.map(({ others }) => others)).toEqual([4, 2]);
  });

  test('stops drawing when nobody waits', async () => {
    const { enter, draws } = pacedBy([{ others: 1 }]);

    void enter('a');
    await pause(60);

    expect(draws).toHaveLength(1);
  });

  test('an urgent request does not wait for the next draw of the others', async () => {
    const { enter, entered, draws } = pacedBy([{ waitMs: 60_000 }, { urgent: 1, waitMs: 60_000 }]);

    void enter('rollout');
    await pause(10);
    void enter('operator', true);
    await pause(10);

    expect(entered).toEqual(['operator']);
    expect(draws.at(-1)).toMatchObject({ urgent: 2, others: 1 });
  });

  test('a run that is stopped leaves the line', async () => {
    const { enter, entered, draws } = pacedBy([{}, { others: 1 }]);
    const stopping = new AbortController();

    void enter('a', false, stopping.signal);
    void enter('b');
    await pause(10);
    stopping.abort(new Error('the worker is stopping'));
    await until(() => entered.length === 2, 'the other one has entered');

    expect(entered).toEqual(['a: the worker is stopping', 'b']);
    expect(draws.at(-1)).toMatchObject({ others: 2 });
  });

  test('fails all that wait if the budget cannot be read, and works again later', async () => {
    const { enter, entered } = pacedBy([], { fails: true });

    void enter('a');
    void enter('b', true);
    await pause(10);
    expect(entered).toEqual(['b: Redis is not connected', 'a: Redis is not connected']);
    void enter('c');
    await pause(10);

    expect(entered).toHaveLength(3);
  });

  test.each([
    ['rate_limited', true],
    ['cluster_unavailable', true],
    ['forbidden', false],
  ] as const)('%s is congestion: %s', async (code, congested) => {
    const { pace, draws } = pacedBy([]);

    pace.left(5, new SkipperError(code, 'for the test'));
    await pause(10);

    expect(draws.map((wanted) => wanted.congested)).toEqual(congested ? [true] : []);
  });

  test('rising latency is congestion, and is reported once per draw', async () => {
    const { pace, draws, enter } = pacedBy([{}, { others: 1 }]);
    for (let n = 0; n < 100; n += 1) pace.left(20);
    await pause(10);
    expect(draws).toEqual([]);

    for (let n = 0; n < 10; n += 1) pace.left(5_000);
    await pause(10);
    void enter('a');
    await until(() => draws.length === 2, 'the second draw');

    expect(draws.map((wanted) => wanted.congested)).toEqual([true, false]);
  });

  test('shows the rate, how many wait, and how many were sent', async () => {
    const { pace, enter, metrics } = pacedBy([{ others: 1, rate: 5 }]);

    void enter('a');
    void enter('b');
    await pause(0);
    pace.left(5);

    expect(await readingOf(metrics.apiBudget)).toBe(5);
    expect(await readingOf(metrics.apiBudgetWaiting)).toBe(1);
    expect(await readingOf(metrics.apiRequests)).toBe(1);
  });

  test('draws one more, for the write that follows a read', async () => {
    const { pace, enter, entered, draws } = pacedBy([{ others: 2 }, { others: 1 }]);

    await enter('read');
    pace.left(5);
    await enter('write');
    pace.left(5);
    expect(draws).toHaveLength(1);
    await enter('next');

    expect(entered).toEqual(['read', 'write', 'next']);
    expect(draws).toHaveLength(2);
  });

  test('sends no more at once than it may, and the next when one has ended', async () => {
    const { pace, enter, entered } = pacedBy([], { qps: 0, maxSending: 2 });

    for (const name of ['a', 'b', 'c']) void enter(name);
    void enter('operator', true);
    await pause(10);
    expect(entered).toEqual(['operator', 'a']);
    pace.left(5);
    await pause(10);

    expect(entered).toEqual(['operator', 'a', 'b']);
  });

  test('sends nothing whose check fails just before', async () => {
    let isHeld = true;
    const check = () => {
      if (!isHeld) throw new Error('the lease is lost');
    };
    const { pace, enter, entered } = pacedBy([], { qps: 0, maxSending: 1, check });

    void enter('a');
    void enter('b');
    await pause(10);
    isHeld = false;
    pace.left(5);
    await pause(10);

    expect(entered).toEqual(['a', 'b: the lease is lost']);
  });

  test('without a limit, nothing waits and nothing is drawn', async () => {
    const { pace, enter, entered, draws, metrics } = pacedBy([], { qps: 0 });

    void enter('a');
    await pause(0);
    pace.left(5, new SkipperError('rate_limited', 'for the test'));
    await pause(10);

    expect(entered).toEqual(['a']);
    expect(draws).toEqual([]);
    expect(await readingOf(metrics.apiRequests)).toBe(1);
  });
});
