import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type EpochKeeper, keepEpoch, type Missing } from '../../../shared/keep-epoch.ts';
import type { RedisConnection } from '../../../shared/redis.ts';
import type { Epoch } from '../../../shared/state/epochs.ts';
import { type KnownTick, openTicks } from '../../../shared/state/ticks.ts';
import { silentLog } from '../../support/builders.ts';

let keeper: EpochKeeper | undefined;

afterEach(() => keeper?.stop());

interface Stored {
  epoch?: Epoch;
  tick: number;
}

interface Setting {
  readonly epoch?: Epoch;
  readonly rebuild?: (missing: Missing) => Promise<string | undefined>;
  readonly readSavedTick?: () => Promise<KnownTick | undefined>;
  /** Of closing an epoch. */
  readonly failures?: Error[];
}

function aKeeper({
  epoch,
  rebuild = async () => 'waits',
  readSavedTick = async () => undefined,
  failures = [],
}: Setting) {
  const stored: Stored = { ...(epoch && { epoch }), tick: 0 };
  const redis = Object.assign(new EventEmitter(), { status: 'ready' }) as unknown as RedisConnection;
  const ticks = openTicks();
  const trusted: boolean[] = [];
  const closed: string[] = [];
  const state = {
    tick: () =>
      ticks.ask(async () => {
        stored.tick += 1;
        return { epoch: stored.epoch, tick: stored.tick };
      }),
    closeEpoch: async (id: string) => {
      const failure = failures.shift();
      if (failure) throw failure;
      closed.push(id);
      delete stored.epoch;
    },
    doubt: () => void trusted.push(false),
    trust: () => void trusted.push(true),
    now: () => 7,
  };
  keeper = keepEpoch({ state, redis, readSavedTick, rebuild, log: silentLog, checkEveryMs: 3_600_000 });
  return { keeper, stored, redis, closed, trusted };
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
  test.each<[string, Partial<Stored>]>([
    ['the same epoch, in which it counts again', { tick: 0 }],
    ['an epoch from before', { epoch: { id: 'before', at: 9 } }],
  ])('is noticed by %s: the epoch is closed before anything is trusted', async (_what, older) => {
    const { keeper, stored, closed, trusted } = aKeeper({ epoch: EPOCH });
    await keeper.check();
    await keeper.check();
    expect(closed).toEqual([]);

    Object.assign(stored, older);
    const { id } = stored.epoch ?? {};
    const { length } = trusted;
    await keeper.check();

    expect(closed).toEqual([id]);
    expect(trusted.slice(length)).toEqual([true]);
    expect(keeper.current()).toBeUndefined();
    expect(keeper.problem()).toBe('waits');
  });

  test('is not trusted while its epoch cannot be closed', async () => {
    const failures = [new Error('Connection is closed.')];
    const { keeper, stored, redis, closed, trusted } = aKeeper({ epoch: EPOCH, failures });
    await keeper.check();
    redis.emit('close');
    stored.tick = 0;
    await keeper.check();
    expect(trusted.at(-1)).toBe(false);

    stored.tick = 1_000;
    await keeper.check();
    expect(closed).toEqual(['a']);
    expect(trusted.at(-1)).toBe(true);
  });

  test.each<[string, KnownTick | undefined, boolean]>([
    ['of the same epoch that has counted further', { id: 'a', at: 20, tick: 5 }, true],
    ['of a later epoch', { id: 'b', at: 20, tick: 1 }, true],
    ['of the same epoch that has counted less', { id: 'a', at: 20, tick: 0 }, false],
    ['of an epoch from before', { id: 'b', at: 5, tick: 1_000 }, false],
    ['that does not exist', undefined, false],
  ])('is noticed at the start by a copy %s', async (_what, saved, isOlder) => {
    const { keeper, closed } = aKeeper({ epoch: EPOCH, readSavedTick: async () => saved });
    await keeper.check();

    expect(closed).toEqual(isOlder ? ['a'] : []);
  });

  test('is compared with the copy as soon as that can be read', async () => {
    let isReadable = false;
    const { keeper, closed } = aKeeper({
      epoch: EPOCH,
      readSavedTick: async () => {
        if (!isReadable) throw new Error('the API server is unreachable');
        return { id: 'b', at: 20, tick: 1 };
      },
    });
    await keeper.check();
    expect(keeper.current()).toEqual(EPOCH);

    isReadable = true;
    await keeper.check();
    expect(closed).toEqual(['a']);
  });
});
