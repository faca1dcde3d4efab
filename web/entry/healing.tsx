import './without-eval.ts';
import { hydrate } from 'preact';
import { readHealing } from '../healing/heal-api.ts';
import { HealingPage } from '../healing/healing-page.tsx';
import { createHealingStore, type HealingPageState } from '../healing/healing-store.ts';
import { basePath } from '../server-url.ts';
import { BasePath } from '../ui/link.tsx';
import { followPage } from './follow-page.ts';
import { readPageState } from './read-page-state.ts';

/** A pass every few seconds is the quickest that something changes. */
const INTERVAL_MS = 5_000;

const root = document.getElementById('page');
const state = readPageState<HealingPageState>();

if (root && state) {
  const store = createHealingStore(state);
  const poll = followPage({
    read: async () => {
      store.list.value = await readHealing(store.filters);
    },
    intervalMs: () => INTERVAL_MS,
    polling: store.polling,
    now: store.now,
  });
  hydrate(
    <BasePath.Provider value={basePath()}>
      <HealingPage store={store} readAgain={poll.now} />
    </BasePath.Provider>,
    root,
  );
}
