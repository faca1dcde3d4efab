import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { LEASE_MS } from '../../../shared/lease-ms.ts';
import type { Renewal, Runs } from '../../../shared/state/runs.ts';
import { keepLeases, type Leases } from '../../../worker/leases.ts';
import { silentLog } from '../../support/builders.ts';

type Renewed = Parameters<Runs['renew']>[0];

let leases: Leases;
let renewed: Renewed[];
let answer: () => Promise<Renewal>;

beforeEach(() => {
  jest.useFakeTimers();
  renewed = [];
  answer = async () => ({ lost: [], moved: [], held: [] });
  const renew = (renewal: Renewed) => {
    renewed.push(renewal);
    return answer();
  };
  leases = keepLeases({ renew }, silentLog);
});

afterEach(() => {
  leases.stop();
  jest.useRealTimers();
});

const hold = (namespace: string, token: string, askedAt = Date.now()) =>
  leases.hold(namespace, token, { generation: 1, askedAt });

describe('keepLeases', () => {
  test('renews all leases together, well before they expire', async () => {
    hold('a', 'token-a');
    hold('b', 'token-b');

    await jest.advanceTimersByTimeAsync(LEASE_MS / 2);

    expect(renewed[0]).toEqual([
      { namespace: 'a', token: 'token-a', generation: 1 },
      { namespace: 'b', token: 'token-b', generation: 1 },
    ]);
    expect(renewed.length).toBeGreaterThanOrEqual(2);
  });

  test('renews nothing if no lease is held', async () => {
    hold('a', 'token-a').end();

    await jest.advanceTimersByTimeAsync(LEASE_MS);

    expect(renewed).toEqual([]);
  });

  test('acceptance 12: aborts only the run whose lease is lost', async () => {
    const [a, b] = [hold('a', 'token-a'), hold('b', 'token-b')];
    answer = async () => ({ lost: ['token-a'], moved: [], held: [] });

    await jest.advanceTimersByTimeAsync(LEASE_MS / 2);

    expect([a.signal.aborted, b.signal.aborted]).toEqual([true, false]);
    expect(a.assertOurs).toThrow(expect.objectContaining({ code: 'superseded_worker' }));
    expect(b.assertOurs).not.toThrow();
  });

  test('acceptance 12: lets no run write once its lease may have expired while Redis is down', async () => {
    const lease = hold('a', 'token-a');
    answer = () => Promise.reject(new Error('Redis is down'));

    await jest.advanceTimersByTimeAsync(LEASE_MS - 1);
    const before = () => lease.assertOurs();
    expect(before).not.toThrow();
    await jest.advanceTimersByTimeAsync(2);

    expect(lease.assertOurs).toThrow(expect.objectContaining({ code: 'superseded_worker' }));
  });

  test('acceptance 12: counts a renewal from the time of its request, not of its response', async () => {
    const lease = hold('a', 'token-a');
    const delayMs = LEASE_MS / 2;
    answer = () =>
      new Promise((resolve) => setTimeout(() => resolve({ lost: [], moved: [], held: [] }), delayMs));
    await jest.advanceTimersByTimeAsync(LEASE_MS / 4 + delayMs);
    answer = () => new Promise(() => undefined);

    await jest.advanceTimersByTimeAsync(LEASE_MS + 2);

    // Redis renewed it no later than the last successful request, and it expires one lease period after that.
    expect(lease.assertOurs).toThrow(expect.objectContaining({ code: 'superseded_worker' }));
  });

  test('acceptance 12: counts a new lease from the time of its request, not of its response', async () => {
    answer = () => new Promise(() => undefined);
    const lease = hold('a', 'token-a', Date.now() - LEASE_MS / 2);
    expect(lease.assertOurs).not.toThrow();

    await jest.advanceTimersByTimeAsync(LEASE_MS / 2 + 2);

    expect(lease.assertOurs).toThrow(expect.objectContaining({ code: 'superseded_worker' }));
  });

  test('lets a run continue if Redis is back in time', async () => {
    const lease = hold('a', 'token-a');
    answer = () => Promise.reject(new Error('Redis is down'));
    await jest.advanceTimersByTimeAsync(LEASE_MS / 2);
    answer = async () => ({ lost: [], moved: [], held: [] });

    await jest.advanceTimersByTimeAsync(LEASE_MS);

    expect(lease.assertOurs).not.toThrow();
  });

  // Two jobs of one namespace can run in the same worker: after a lost job, or because Retry bypasses deduplication.
  test('acceptance 12: keeps renewing a lease after a second job of the same namespace has found it taken', async () => {
    const running = hold('a', 'running');
    const second = hold('a', 'second');
    second.end();

    await jest.advanceTimersByTimeAsync(2 * LEASE_MS);

    expect(renewed.at(-1)).toEqual([{ namespace: 'a', token: 'running', generation: 1 }]);
    expect(running.assertOurs).not.toThrow();
  });
});
