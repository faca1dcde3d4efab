import './without-eval.ts';
import { hydrate } from 'preact';
import { browserClient } from '../browser-client.ts';
import { openFeed } from '../feed/open-feed.ts';
import { followNamespace } from '../namespace/follow-namespace.ts';
import { NamespacePage } from '../namespace/namespace-page.tsx';
import { createNamespaceStore } from '../namespace/namespace-store.ts';
import type { NamespacePageState } from '../namespace/page-state.ts';
import { basePath } from '../server-url.ts';
import { BasePath } from '../ui/link.tsx';
import { readToken } from '../ui/token-store.ts';
import { readPageState } from './read-page-state.ts';

const root = document.getElementById('page');
const state = readPageState<NamespacePageState>();

// A page for an unknown namespace has nothing to follow.
if (root && state) {
  const store = createNamespaceStore(state);
  const follower = followNamespace(store, {
    // The token can be entered later.
    client: {
      namespace: (name) => browserClient(readToken()).namespace(name),
      objects: (name) => browserClient(readToken()).objects(name),
      logs: (name) => browserClient(readToken()).logs(name),
    },
    readToken,
    setTimer: (run, ms) => setTimeout(run, ms),
    now: () => Date.now(),
  });
  hydrate(
    <BasePath.Provider value={basePath()}>
      <NamespacePage
        store={store}
        readAgain={follower.readObjects}
        readLogs={follower.readLogs}
        readAll={follower.readAll}
      />
    </BasePath.Provider>,
    root,
  );
  openFeed(state.feedWorker, follower.take);
  if (state.details.isWithheld) follower.readAll();
  else if (!state.objects) follower.readObjects();
  // Who opens the page of a namespace that does not work comes for its log.
  if (state.details.row.health === 'degraded') follower.readLogs();
  const offset = state.details.now - Date.now();
  setInterval(() => {
    store.now.value = Math.max(store.now.peek(), Date.now() + offset);
  }, 1_000);
}
