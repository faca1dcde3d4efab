import type { Express } from 'express';
import { baseOf } from '../base-path.ts';
import { openAssets } from './assets.ts';
import { auditPage } from './audit-page.tsx';
import { fleetPage } from './fleet-page.tsx';
import { healingPage } from './healing-page.tsx';
import { namespacePage } from './namespace-page.tsx';
import { rolloutPage } from './rollout-page.tsx';
import { rolloutsPage } from './rollouts-page.tsx';
import type { PageSources } from './send-page.tsx';
import { unknownPage } from './unknown-page.tsx';

/** The HTML pages; each is rendered once here, and kept current by the browser. */
export function mountPages(app: Express, sources: PageSources): void {
  const assets = openAssets();
  app.use('/assets', assets.serve);
  app.get('/', (_request, response) => response.redirect(`${baseOf(response)}/status`));
  app.get('/status', fleetPage(sources, assets));
  app.get('/status/:namespace', namespacePage(sources, assets));
  app.get('/rollouts', rolloutsPage(sources, assets));
  app.get('/rollouts/:id', rolloutPage(sources, assets));
  app.get('/healing', healingPage(sources, assets));
  // It has addresses, and what people wrote.
  app.get('/audit', sources.requireToken, auditPage(sources, assets));
  // Last: an address that has not been handled yet does not exist.
  app.use(unknownPage(sources, assets));
}
