import './without-eval.ts';
import { hydrate } from 'preact';
import { isOpen } from '../../domain/rollout/rollout.ts';
import { readHeld } from '../rollouts/held-api.ts';
import type { RolloutsPageState } from '../rollouts/page-state.ts';
import { readRollouts } from '../rollouts/rollout-api.ts';
import { createRolloutsStore } from '../rollouts/rollout-store.ts';
import { RolloutsPage } from '../rollouts/rollouts-page.tsx';
import { basePath } from '../server-url.ts';
import { BasePath } from '../ui/link.tsx';
import { followPage } from './follow-page.ts';
import { readPageState } from './read-page-state.ts';

const WHILE_OPEN_MS = 3_000;
/** A new rollout is news, too. */
const WHILE_IDLE_MS = 10_000;

const root = document.getElementById('page');
const state = readPageState<RolloutsPageState>();

if (root && state) {
  const store = createRolloutsStore(state);
  hydrate(
    <BasePath.Provider value={basePath()}>
      <RolloutsPage store={store} />
    </BasePath.Provider>,
    root,
  );
  followPage({
    read: async () => {
      const [list, held] = await Promise.all([readRollouts(store.filters), readHeld()]);
      store.list.value = list;
      store.held.value = held;
    },
    intervalMs: () =>
      store.list.peek().rollouts.some((rollout) => isOpen(rollout.state)) ? WHILE_OPEN_MS : WHILE_IDLE_MS,
    polling: store.polling,
    now: store.now,
  });
}
