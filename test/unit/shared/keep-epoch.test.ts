import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { type EpochKeeper, keepEpoch, type Missing } from '../../../shared/keep-epoch.ts';
import type { RedisConnection } from '../../../shared/redis.ts';
import type { SavedEpoch } from '../../../shared/saved-state/saved-epoch.ts';
import type { Epoch } from '../../../shared/state/epoch.ts';
import { silentLog } from '../../support/builders.ts';

let keeper: EpochKeeper | undefined;

afterEach(() => keeper?.stop());

interface Stored {
  epoch?: Epoch;
  saves: number;
  isOlder: boolean;
}

interface Setting {
  readonly epoch?: Epoch;
  readonly rebuild?: (missing: Missing) => Promise<string | undefined>;
  readonly readSavedEpoch?: () => Promise<SavedEpoch | undefined>;
  /** Of closing an epoch. */
  readonly failures?: Error[];
}

function aKeeper({
  epoch,
  rebuild = async () => 'waits',
  readSavedEpoch = async () => undefined,
  failures = [],
}: Setting) {
  const stored: Stored = { ...(epoch && { epoch }), saves: 4, isOlder: false };
  const redis = Object.assign(new EventEmitter(), { status: 'ready' }) as unknown as RedisConnection;
  const closed: string[] = [];
  const state = {
    checkEpoch: async () => ({ epoch: stored.epoch, saves: stored.saves, isOlder: stored.isOlder }),
    closeEpoch: async (id: string) => {
      const failure = failures.shift();
      if (failure) throw failure;
      closed.push(id);
      delete stored.epoch;
    },
    now: () => 7,
  };
  keeper = keepEpoch({ state, redis, readSavedEpoch, rebuild, log: silentLog, checkEveryMs: 3_600_000 });
  return { keeper, stored, closed };
}

const EPOCH: Epoch = { id: 'a', at: 10 };

test('why the state cannot be rebuilt is the problem, also while another process tries', async () => {
  const answers: (() => Promise<string | undefined>)[] = [];
  const { keeper, stored } = aKeeper({
    rebuild: async () => answers.shift()?.() ?? 'another process rebuilds the state',
  });
  await keeper.check();
  expect(keeper.problem()).toBe('another process rebuilds the state');

  answers.push(async () => {
    throw new Error('the ConfigMap cannot be read: forbidden');
  });
  await keeper.check();
  await keeper.check();
  expect(keeper.problem()).toBe('the state could not be rebuilt: the ConfigMap cannot be read: forbidden');

  stored.epoch = { id: 'a', at: 1 };
  await keeper.check();
  expect(keeper.problem()).toBeUndefined();
  delete stored.epoch;
  await keeper.check();
  expect(keeper.problem()).toBe('another process rebuilds the state');
});

test('a rebuild knows when the state was last whole', async () => {
  const seen: (number | undefined)[] = [];
  const { keeper, stored } = aKeeper({
    rebuild: async ({ seenAt }) => {
      seen.push(seenAt);
      return 'waits';
    },
  });
  await keeper.check();
  stored.epoch = { id: 'a', at: 1 };
  await keeper.check();
  delete stored.epoch;
  await keeper.check();

  expect(seen.at(0)).toBeUndefined();
  expect(seen.at(-1)).toBe(7);
});

describe('a Redis that goes back to an older state', () => {
  test('has its epoch closed, and is rebuilt', async () => {
    const { keeper, stored, closed } = aKeeper({ epoch: EPOCH });
    await keeper.check();
    expect(closed).toEqual([]);
    expect(keeper.current()).toEqual(EPOCH);

    stored.isOlder = true;
    await keeper.check();

    expect(closed).toEqual(['a']);
    expect(keeper.current()).toBeUndefined();
    expect(keeper.problem()).toBe('waits');
  });

  test('is a problem while its epoch cannot be closed, also when it has counted further', async () => {
    const { keeper, stored, closed } = aKeeper({ epoch: EPOCH, failures: [new Error('Redis is full')] });
    await keeper.check();
    stored.isOlder = true;
    await keeper.check();
    expect(keeper.current()).toBeUndefined();
    expect(keeper.problem()).toBe('Redis went back to an older state');

    stored.isOlder = false;
    await keeper.check();
    expect(closed).toEqual(['a']);
  });

  test.each<[string, SavedEpoch | undefined, boolean]>([
    ['of the same epoch that is newer', { id: 'a', at: 10, saves: 5 }, true],
    ['of a later epoch', { id: 'b', at: 11, saves: 1 }, true],
    ['of the same epoch that is the latest', { id: 'a', at: 10, saves: 4 }, false],
    ['of an epoch from before', { id: 'b', at: 9, saves: 1_000 }, false],
    ['that does not exist', undefined, false],
  ])('is noticed at the start by a copy %s', async (_what, copy, isOlder) => {
    const { keeper, closed } = aKeeper({ epoch: EPOCH, readSavedEpoch: async () => copy });
    await keeper.check();

    expect(closed).toEqual(isOlder ? ['a'] : []);
  });

  test('is not concluded from a copy that is saved while it is read', async () => {
    const { keeper, stored, closed } = aKeeper({
      epoch: EPOCH,
      readSavedEpoch: async () => {
        const { saves } = stored;
        stored.saves += 1;
        return { id: 'a', at: 10, saves };
      },
    });
    await keeper.check();

    expect(closed).toEqual([]);
  });

  test('is compared with the copy later if that cannot be read at the start', async () => {
    const clock = jest.spyOn(performance, 'now').mockReturnValue(1_000);
    const answers = [
      () => Promise.reject(new Error('the API server is unreachable')),
      async () => ({ id: 'b', at: 20, saves: 1 }),
    ];
    const { keeper, closed } = aKeeper({
      epoch: EPOCH,
      readSavedEpoch: async () => answers.shift()?.(),
    });
    await keeper.check();
    await keeper.check();
    expect(keeper.current()).toEqual(EPOCH);
    expect(answers).toHaveLength(1);

    clock.mockReturnValue(3_001);
    await keeper.check();
    expect(closed).toEqual(['a']);
    clock.mockRestore();
  });
});
