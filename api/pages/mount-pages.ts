import type { Express } from 'express';
import type { Core } from '../../shared/core.ts';
import type { FleetView } from '../fleet-view/fleet-view.ts';
import { openAssets } from './assets.ts';
import { fleetPage } from './fleet-page.tsx';
import { namespacePage } from './namespace-page.tsx';

export interface PageSources {
  readonly core: Core;
  readonly view: FleetView;
}

/** What people look at; each page is rendered here once, and kept current by the browser. */
export function mountPages(app: Express, sources: PageSources): void {
  const assets = openAssets();
  app.use('/assets', assets.serve);
  app.get('/', (_request, response) => response.redirect('/status'));
  app.get('/status', fleetPage(sources, assets));
  app.get('/status/:namespace', namespacePage(sources, assets));
}
