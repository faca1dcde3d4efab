import { expect, test } from '@jest/globals';
import { readPage } from '../../../../web/rollouts/read-page.ts';
import { createRolloutStore } from '../../../../web/rollouts/rollout-store.ts';
import { makeRollout, makeTarget } from '../../../support/rollout-view.ts';

const RUNNING = makeRollout([makeTarget('a', 'running')]);
const FAILED = makeRollout([makeTarget('a', 'failed', { reason: 'exceeded quota: pods' })]);

function openStore(rollout = RUNNING) {
  const selection = { state: '', page: 1 } as const;
  return createRolloutStore({ rollout, failures: [], selection, now: 0, environmentLabel: undefined });
}

test('failures are shown with the rollout', async () => {
  const store = openStore();
  await readPage(store, { rollout: async () => FAILED, failed: async () => FAILED.targets });

  expect(store.rollout.value.state).toBe('failed');
  expect(store.failures.value).toEqual([expect.objectContaining({ namespaces: ['a'] })]);

  await readPage(store, { rollout: async () => RUNNING, failed: async () => FAILED.targets });
  expect(store.failures.value).toEqual([]);
});

test('failures that could not be read are read the next time', async () => {
  const store = openStore();
  const failed = async () => {
    throw new Error('no answer');
  };
  await expect(readPage(store, { rollout: async () => FAILED, failed })).rejects.toThrow('no answer');
  await readPage(store, { rollout: async () => FAILED, failed: async () => FAILED.targets });

  expect(store.failures.value).toHaveLength(1);
});
