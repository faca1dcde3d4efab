import { effect } from '@preact/signals';
import { hydrate } from 'preact';
import { createFleetStore, forgetGone } from '../fleet/fleet-store.ts';
import type { FleetPageState } from '../fleet/page-state.ts';
import { formatSelection } from '../fleet/url-state.ts';
import { openFeed } from '../live/open-feed.ts';
import { FleetPage } from '../pages/fleet-page.tsx';

/** A page in the background catches up this often. */
const BACKGROUND_FLUSH_MS = 1_000;

function start(root: HTMLElement, initial: FleetPageState): void {
  let isScheduled = false;
  const flush = () => {
    isScheduled = false;
    store.flush();
  };
  const store = createFleetStore(initial, () => {
    if (isScheduled) return;
    isScheduled = true;
    if (document.hidden) setTimeout(flush, BACKGROUND_FLUSH_MS);
    else requestAnimationFrame(flush);
  });
  hydrate(<FleetPage store={store} />, root);
  openFeed(initial.workerUrl, store.take);
  setInterval(() => store.setClock(Date.now()), 1_000);
  forgetGone(store);
  effect(() => {
    const url = `${location.pathname}${formatSelection(store.selection.value)}`;
    if (url !== `${location.pathname}${location.search}`) history.replaceState(null, '', url);
  });
  effect(() => {
    const failing = store.summary.value.byHealth.failing ?? 0;
    document.title = `${failing > 0 ? `(${failing} failing) ` : ''}Fleet · Skipper`;
  });
}

const root = document.getElementById('page');
const state = document.getElementById('state')?.textContent;
if (root && state) start(root, JSON.parse(state) as FleetPageState);
