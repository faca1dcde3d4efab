import './without-eval.ts';
import { effect } from '@preact/signals';
import { hydrate } from 'preact';
import { openFeed } from '../feed/open-feed.ts';
import { FleetPage } from '../fleet/fleet-page.tsx';
import { createFleetStore, forgetGone } from '../fleet/fleet-store.ts';
import type { FleetPageState } from '../fleet/page-state.ts';
import { formatSelection } from '../fleet/url-state.ts';
import { basePath } from '../server-url.ts';
import { BasePath } from '../ui/link.tsx';
import { readPageState } from './read-page-state.ts';

/** What changes alone is shown with the next frame, what changes all the time so often; in the background, rarely. */
const FLUSH_EVERY_MS = 200;
const BACKGROUND_FLUSH_MS = 1_000;

function start(root: HTMLElement, initial: FleetPageState): void {
  let isScheduled = false;
  let flushedAt = Number.NEGATIVE_INFINITY;
  const flush = () => {
    isScheduled = false;
    flushedAt = performance.now();
    store.flush();
  };
  const store = createFleetStore(initial, () => {
    if (isScheduled) return;
    isScheduled = true;
    const wait = document.hidden ? BACKGROUND_FLUSH_MS : flushedAt + FLUSH_EVERY_MS - performance.now();
    if (wait > 0) setTimeout(flush, wait);
    else requestAnimationFrame(flush);
  });
  // First, so that the fleet is read while the page is taken over.
  openFeed(initial.workerUrl, store.take);
  hydrate(
    <BasePath.Provider value={basePath()}>
      <FleetPage store={store} />
    </BasePath.Provider>,
    root,
  );
  setInterval(() => store.setClock(Date.now()), 1_000);
  forgetGone(store);
  effect(() => {
    const url = `${location.pathname}${formatSelection(store.selection.value)}`;
    if (url !== `${location.pathname}${location.search}`) history.replaceState(null, '', url);
  });
  effect(() => {
    const degraded = store.summary.value.byHealth.degraded ?? 0;
    document.title = `${degraded > 0 ? `(${degraded} degraded) ` : ''}Fleet · Skipper`;
  });
}

const root = document.getElementById('page');
const state = readPageState<FleetPageState>();
if (root && state) start(root, state);
