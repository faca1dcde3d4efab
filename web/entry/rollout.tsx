import './without-eval.ts';
import { hydrate } from 'preact';
import { isOpen } from '../../domain/rollout/rollout.ts';
import type { RolloutPageState } from '../rollouts/page-state.ts';
import { readPage } from '../rollouts/read-page.ts';
import { readFailed, readRollout } from '../rollouts/rollout-api.ts';
import { RolloutPage } from '../rollouts/rollout-page.tsx';
import { createRolloutStore } from '../rollouts/rollout-store.ts';
import { basePath } from '../server-url.ts';
import { BasePath } from '../ui/link.tsx';
import { followPage } from './follow-page.ts';
import { readPageState } from './read-page-state.ts';

const WHILE_OPEN_MS = 2_000;
/** Only a retry opens it again. */
const WHILE_ENDED_MS = 15_000;

const root = document.getElementById('page');
const state = readPageState<RolloutPageState>();

// A page for an unknown rollout has nothing to follow.
if (root && state) {
  const store = createRolloutStore(state);
  const { id } = state.rollout;
  const poll = followPage({
    read: () =>
      readPage(store, {
        rollout: () => readRollout(id, store.selection),
        failed: () => readFailed(id),
      }),
    intervalMs: () => (isOpen(store.rollout.peek().state) ? WHILE_OPEN_MS : WHILE_ENDED_MS),
    polling: store.polling,
    now: store.now,
  });
  hydrate(
    <BasePath.Provider value={basePath()}>
      <RolloutPage store={store} readAgain={poll.now} />
    </BasePath.Provider>,
    root,
  );
}
