import { setTimeout } from 'node:timers/promises';
import type { RequestHandler } from 'express';
import { FleetPage } from '../../web/fleet/fleet-page.tsx';
import { createFleetStore } from '../../web/fleet/fleet-store.ts';
import { type FleetPageState, firstPaint } from '../../web/fleet/page-state.ts';
import { parseSelection } from '../../web/fleet/url-state.ts';
import { baseOf } from '../base-path.ts';
import type { Assets } from './assets.ts';
import type { PageSources } from './send-page.tsx';
import { sendPage } from './send-page.tsx';

/** Numbers that take longer, for example if Redis is busy, come with the feed. */
const REFRESH_WAIT_MS = 250;

/** `GET /status`: the first lines of the selection that the browser would show for this URL. */
export function fleetPage(
  { cluster, view, settings }: Pick<PageSources, 'cluster' | 'view' | 'settings'>,
  assets: Assets,
): RequestHandler {
  return async (request, response) => {
    await Promise.race([view.refresh(), setTimeout(REFRESH_WAIT_MS, undefined, { ref: false })]);
    const query = new URL(request.originalUrl, 'http://page').searchParams;
    const state: FleetPageState = firstPaint(view.rows(), parseSelection(query), {
      now: Date.now(),
      summary: view.summary(),
      isRead: cluster.isSynced(),
      workerUrl: baseOf(response) + assets.url('feed-worker.ts'),
      environmentLabel: settings.environmentLabel,
    });
    sendPage(request, response, assets, {
      title: 'Fleet',
      script: 'fleet.tsx',
      state,
      page: <FleetPage store={createFleetStore(state)} />,
    });
  };
}
