import { EventEmitter } from 'node:events';
import { afterEach, expect, test } from '@jest/globals';
import { type EpochKeeper, keepEpoch, type Missing } from '../../../shared/keep-epoch.ts';
import type { RedisConnection } from '../../../shared/redis.ts';
import type { Epoch } from '../../../shared/state/epochs.ts';
import { silentLog } from '../../support/builders.ts';

let keeper: EpochKeeper | undefined;

afterEach(() => keeper?.stop());

function aKeeper(rebuild: (missing: Missing) => Promise<string | undefined>) {
  const stored: { epoch?: Epoch } = {};
  const redis = Object.assign(new EventEmitter(), { status: 'ready' }) as unknown as RedisConnection;
  const state = { epoch: async () => stored.epoch, now: () => 7 };
  keeper = keepEpoch({ state, redis, rebuild, log: silentLog, checkEveryMs: 3_600_000 });
  return { keeper, stored };
}

test('why the state cannot be rebuilt is the problem, also while another process tries', async () => {
  const answers: (() => Promise<string | undefined>)[] = [];
  const { keeper, stored } = aKeeper(async () => answers.shift()?.() ?? 'another process rebuilds the state');
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
  const { keeper, stored } = aKeeper(async ({ seenAt }) => {
    seen.push(seenAt);
    return 'waits';
  });
  await keeper.check();
  stored.epoch = { id: 'a', at: 1 };
  await keeper.check();
  delete stored.epoch;
  await keeper.check();

  expect(seen.at(0)).toBeUndefined();
  expect(seen.at(-1)).toBe(7);
});
