import './without-eval.ts';
import { hydrate } from 'preact';
import { browserClient } from '../browser-client.ts';
import { openFeed } from '../feed/open-feed.ts';
import { followNamespace } from '../namespace/follow-namespace.ts';
import { NamespacePage } from '../namespace/namespace-page.tsx';
import { createNamespaceStore } from '../namespace/namespace-store.ts';
import type { NamespacePageState } from '../namespace/page-state.ts';
import { readPageState } from './read-page-state.ts';

const root = document.getElementById('page');
const state = readPageState<NamespacePageState>();

// A page for an unknown namespace has nothing to follow.
if (root && state) {
  const store = createNamespaceStore(state);
  const follower = followNamespace(store, {
    client: browserClient(),
    setTimer: (run, ms) => setTimeout(run, ms),
    now: () => Date.now(),
  });
  hydrate(
    <NamespacePage store={store} readAgain={follower.readObjects} readLogs={follower.readLogs} />,
    root,
  );
  openFeed(state.feedWorker, follower.take);
  if (!state.objects) follower.readObjects();
  // Who opens the page of a namespace that does not work comes for its log.
  if (state.details.row.health === 'degraded') follower.readLogs();
  const offset = state.details.now - Date.now();
  setInterval(() => {
    store.now.value = Math.max(store.now.peek(), Date.now() + offset);
  }, 1_000);
}
