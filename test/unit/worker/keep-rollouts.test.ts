import { afterEach, describe, expect, test } from '@jest/globals';
import { keepRollouts, type RolloutKeeper } from '../../../worker/keep-rollouts.ts';
import { silentLog } from '../../support/builders.ts';
import { until } from '../../support/until.ts';

describe('keepRollouts', () => {
  let keeper: RolloutKeeper | undefined;
  afterEach(() => keeper?.stop());

  function open(dueRollouts: () => Promise<string[]>) {
    const added: [string, unknown][] = [];
    const madeDue: string[] = [];
    let changePolicy: () => void = () => undefined;
    keeper = keepRollouts({
      queue: {
        add: async (name, _data, options) => {
          added.push([name, options?.deduplication]);
          return {} as never;
        },
      },
      state: {
        dueRollouts,
        openRollouts: async () => ['open'],
        makeDue: async (ids) => {
          madeDue.push(...ids);
        },
      },
      policy: {
        onChange: (listener) => {
          changePolicy = listener;
          return () => undefined;
        },
      },
      log: silentLog,
    });
    return { keeper, added, madeDue, changePolicy: () => changePolicy() };
  }

  test('adds one job for each rollout that is due, at most one of which waits', async () => {
    const { keeper, added } = open(async () => ['a', 'b']);

    keeper.kick();
    keeper.kick();
    await until(() => added.length >= 2, 'the jobs are added');

    expect(added).toEqual([
      ['a', { id: 'a', keepLastIfActive: true }],
      ['b', { id: 'b', keepLastIfActive: true }],
    ]);
  });

  test('looks again after Redis has failed', async () => {
    let reads = 0;
    const { added } = open(async () => {
      reads += 1;
      if (reads === 1) throw new Error('down');
      return ['a'];
    });

    await until(() => added.length > 0, 'the job is added');
    expect(reads).toBe(2);
  });

  test('has all open rollouts decided after the policy has changed', async () => {
    const { madeDue, changePolicy } = open(async () => []);

    changePolicy();
    await until(() => madeDue.length > 0, 'they are due');

    expect(madeDue).toEqual(['open']);
  });
});
