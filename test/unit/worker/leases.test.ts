import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Runs } from '../../../shared/state/runs.ts';
import { keepLeases, LEASE_MS, type Leases } from '../../../worker/leases.ts';
import { silentLog } from '../../support/builders.ts';

type Renewal = Parameters<Runs['renew']>[0];

let leases: Leases;
let renewed: Renewal[];
/** What the state says of a renewal: the tokens that are lost. */
let answer: () => Promise<string[]>;

beforeEach(() => {
  jest.useFakeTimers();
  renewed = [];
  answer = async () => [];
  const renew = (asked: Renewal) => {
    renewed.push(asked);
    return answer();
  };
  leases = keepLeases({ renew }, silentLog);
});

afterEach(() => {
  leases.stop();
  jest.useRealTimers();
});

describe('keepLeases', () => {
  test('prolongs all leases together, well before they end', async () => {
    leases.hold('a', 'token-a');
    leases.hold('b', 'token-b');

    await jest.advanceTimersByTimeAsync(LEASE_MS / 2);

    expect(renewed[0]).toEqual([
      { namespace: 'a', token: 'token-a' },
      { namespace: 'b', token: 'token-b' },
    ]);
    expect(renewed.length).toBeGreaterThanOrEqual(2);
  });

  test('asks for nothing where nothing is held', async () => {
    leases.hold('a', 'token-a').end();

    await jest.advanceTimersByTimeAsync(LEASE_MS);

    expect(renewed).toEqual([]);
  });

  test('acceptance 12: aborts a run whose lease is lost, and only that', async () => {
    const [a, b] = [leases.hold('a', 'token-a'), leases.hold('b', 'token-b')];
    answer = async () => ['token-a'];

    await jest.advanceTimersByTimeAsync(LEASE_MS / 2);

    expect([a.signal.aborted, b.signal.aborted]).toEqual([true, false]);
    expect(a.assertOurs).toThrow(expect.objectContaining({ code: 'superseded_worker' }));
    expect(b.assertOurs).not.toThrow();
  });

  test('acceptance 12: lets no run write once its lease may have ended: Redis is away', async () => {
    const lease = leases.hold('a', 'token-a');
    answer = () => Promise.reject(new Error('Redis is down'));

    await jest.advanceTimersByTimeAsync(LEASE_MS - 1);
    const before = () => lease.assertOurs();
    expect(before).not.toThrow();
    await jest.advanceTimersByTimeAsync(2);

    expect(lease.assertOurs).toThrow(expect.objectContaining({ code: 'superseded_worker' }));
  });

  test('acceptance 12: counts a renewal from its request, not from its answer', async () => {
    const lease = leases.hold('a', 'token-a');
    const delayMs = LEASE_MS / 2;
    answer = () => new Promise((resolve) => setTimeout(() => resolve([]), delayMs));
    await jest.advanceTimersByTimeAsync(LEASE_MS / 4 + delayMs);
    answer = () => new Promise(() => undefined);

    await jest.advanceTimersByTimeAsync(LEASE_MS + 2);

    // Redis renewed it at the latest when the last answered request arrived, and it ends one lease after that.
    expect(lease.assertOurs).toThrow(expect.objectContaining({ code: 'superseded_worker' }));
  });

  test('lets a run go on when Redis is back in time', async () => {
    const lease = leases.hold('a', 'token-a');
    answer = () => Promise.reject(new Error('Redis is down'));
    await jest.advanceTimersByTimeAsync(LEASE_MS / 2);
    answer = async () => [];

    await jest.advanceTimersByTimeAsync(LEASE_MS);

    expect(lease.assertOurs).not.toThrow();
  });

  // Two jobs of one namespace may meet in one worker: a lost one was queued again, Retry evades deduplication.
  test('acceptance 12: goes on to prolong a lease after a second job of its namespace has found it busy', async () => {
    const running = leases.hold('a', 'running');
    const second = leases.hold('a', 'second');
    second.end();

    await jest.advanceTimersByTimeAsync(2 * LEASE_MS);

    expect(renewed.at(-1)).toEqual([{ namespace: 'a', token: 'running' }]);
    expect(running.assertOurs).not.toThrow();
  });
});
