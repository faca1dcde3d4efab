import type { RequestHandler } from 'express';
import { createFleetStore } from '../../web/fleet/fleet-store.ts';
import { type FleetPageState, firstPaint } from '../../web/fleet/page-state.ts';
import { parseSelection } from '../../web/fleet/url-state.ts';
import { FleetPage } from '../../web/pages/fleet-page.tsx';
import type { Assets } from './assets.ts';
import type { PageSources } from './mount-pages.ts';
import { sendPage } from './send-page.tsx';

/** `GET /status`: the same selection as the browser would show for this URL, its first lines. */
export function fleetPage({ core, view }: PageSources, assets: Assets): RequestHandler {
  return async (request, response) => {
    await view.refresh();
    const query = new URL(request.originalUrl, 'http://page').searchParams;
    const state: FleetPageState = firstPaint(view.rows(), parseSelection(query), {
      now: Date.now(),
      summary: view.summary(),
      isRead: core.fleet.isSynced(),
      workerUrl: assets.url('feed-worker.ts'),
    });
    sendPage(request, response, assets, {
      title: 'Fleet',
      script: 'fleet.tsx',
      state,
      page: <FleetPage store={createFleetStore(state)} />,
    });
  };
}
