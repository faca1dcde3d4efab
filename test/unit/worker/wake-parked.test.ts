import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { NamespaceSnapshot } from '../../../domain/cluster/observed.ts';
import type { Parking } from '../../../domain/deploy/parking.ts';
import { wakeParked } from '../../../worker/wake-parked.ts';
import {
  aDeployment,
  anApplication,
  aParking,
  aStatus,
  NAMESPACE,
  OUR_ID,
  silentLog,
} from '../../support/builders.ts';
import { createFakeCluster } from '../../support/fake-core.ts';

const SWEEP_MS = 5_000;
const ours = { deploymentId: OUR_ID };
const WAITING: Partial<NamespaceSnapshot> = {
  application: anApplication(ours),
  deployment: aDeployment(ours),
  statuses: [],
};
const DONE = { ...WAITING, statuses: [aStatus(ours)] };

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** A worker, and the Redis that all workers share. */
function open(seen: Partial<NamespaceSnapshot> = WAITING) {
  const world = { seen, problem: undefined as string | undefined };
  const redis = new Map<string, { parking: Parking; isMoved: boolean }>();
  const promoted: string[] = [];
  const described: string[] = [];
  const listeners: ((namespace: string) => void)[] = [];
  const rooms: ((jobId: string) => void)[] = [];
  const waker = wakeParked({
    cluster: {
      snapshot: () => createFakeCluster({ [NAMESPACE]: world.seen }).snapshot(NAMESPACE),
      deploymentsPosition: () => '200',
      applicationsPosition: () => undefined,
      watches: () => [{ ...createFakeCluster({}).watches()[0], problem: world.problem }] as never,
      onAnyChange: (listener) => {
        listeners.push(listener);
        return () => void listeners.splice(listeners.indexOf(listener), 1);
      },
    },
    queue: {
      getJob: async (jobId) => ({
        isDelayed: async () => true,
        promote: async () => void promoted.push(jobId),
      }),
    },
    state: {
      parked: async () => new Map([...redis].map(([namespace, { isMoved }]) => [namespace, { isMoved }])),
      isParked: async (namespace) => redis.get(namespace)?.isMoved === false,
      parkings: async (namespaces) =>
        new Map(
          namespaces.flatMap((namespace): [string, Parking][] => {
            const found = redis.get(namespace);
            return found ? [[namespace, found.parking]] : [];
          }),
        ),
      onRoom: (listener) => void rooms.push(listener),
      describeParked: async (_namespace, _generation, reason) => void described.push(reason),
    },
    log: silentLog,
  });
  return {
    ...{ world, waker, promoted, described, listeners },
    giveRoom: (jobId: string) => rooms[0]?.(jobId),
    park: (isMoved = false) => redis.set(NAMESPACE, { parking: aParking(), isMoved }),
    resume: () => redis.delete(NAMESPACE),
    see: (next: Partial<NamespaceSnapshot>) => {
      world.seen = next;
      for (const listener of listeners) listener(NAMESPACE);
    },
    pass: (ms: number) => jest.advanceTimersByTimeAsync(ms),
  };
}

describe('wakeParked', () => {
  test('wakes the run with the event that decides, once', async () => {
    const { waker, park, see, promoted, pass } = open();
    park();
    await waker.watch(NAMESPACE, aParking());
    await pass(1);
    expect(promoted).toEqual([]);

    see(DONE);
    see(DONE);
    await pass(1);

    expect(promoted).toEqual([`${NAMESPACE}.1`]);
  });

  test('wakes a run whose event came just before it was watched', async () => {
    const { waker, park, promoted, pass } = open(DONE);
    park();
    await waker.watch(NAMESPACE, aParking());
    await pass(1);

    expect(promoted).toHaveLength(1);
  });

  test('wakes a run for which a newer request came just before it was watched', async () => {
    const { waker, park, promoted, pass } = open();
    park(true);
    await waker.watch(NAMESPACE, aParking());
    await pass(1);

    expect(promoted).toHaveLength(1);
  });

  test('adopts the run of a worker that is gone, and wakes it without any event', async () => {
    const { park, promoted, pass } = open(DONE);
    park();
    await pass(SWEEP_MS);

    expect(promoted).toEqual([`${NAMESPACE}.1`]);
  });

  test('wakes a run whose request was lost on its way to the queue', async () => {
    const { park, promoted, pass } = open();
    park();
    await pass(SWEEP_MS);
    park(true);
    await pass(SWEEP_MS);

    expect(promoted).toHaveLength(1);
  });

  test('wakes again what did not resume, and forgets what did', async () => {
    const { park, resume, see, promoted, pass } = open(DONE);
    park();
    await pass(SWEEP_MS);
    await pass(SWEEP_MS);
    expect(promoted).toHaveLength(2);

    resume();
    await pass(SWEEP_MS);
    see(DONE);
    await pass(SWEEP_MS);
    expect(promoted).toHaveLength(2);
  });

  test('wakes a job for which another run has made room', async () => {
    const { giveRoom, promoted, pass } = open();
    giveRoom('b.1');
    await pass(1);

    expect(promoted).toEqual(['b.1']);
  });

  test('publishes what the run waits for, at most every two seconds', async () => {
    const { waker, park, see, described, pass } = open();
    park();
    await waker.watch(NAMESPACE, aParking());
    await pass(2_000);
    for (const result of ['INITIATED', 'RUNNING'] as const) {
      see({ ...WAITING, statuses: [aStatus({ ...ours, result })] });
    }
    await pass(SWEEP_MS);

    expect(described).toEqual(['FDD reported INITIATED', 'FDD reported RUNNING']);
  });

  test('counts the time without the API server', async () => {
    const { waker, world, pass } = open();
    await waker.watch(NAMESPACE, aParking());
    world.problem = 'connection refused';
    await pass(3_000);
    world.problem = undefined;
    await pass(1_000);

    expect(waker.blindMs(NAMESPACE)).toBe(3_000);
    expect(waker.blindMs('unknown')).toBe(0);
  });

  test('does nothing once it is stopped', async () => {
    const { waker, park, listeners, promoted, pass } = open(DONE);
    park();
    waker.stop();
    await pass(2 * SWEEP_MS);

    expect([listeners, promoted]).toEqual([[], []]);
  });
});
