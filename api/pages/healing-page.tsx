import type { RequestHandler } from 'express';
import { parseFilters, toRequest } from '../../web/healing/healing-filters.ts';
import { HealingPage } from '../../web/healing/healing-page.tsx';
import { createHealingStore, type HealingPageState } from '../../web/healing/healing-store.ts';
import { findHealing } from '../routes/healing.ts';
import type { Assets } from './assets.ts';
import { orExplain } from './or-explain.tsx';
import { type PageSources, sendPage } from './send-page.tsx';

/** `GET /healing`: the latest pass, and the namespaces that the filters of its URL show, worst first. */
export function healingPage(
  { state: stored, settings }: Pick<PageSources, 'state' | 'settings'>,
  assets: Assets,
): RequestHandler {
  const page = { settings, assets, what: 'healing' } as const;
  return orExplain(page, async (request, response) => {
    const filters = parseFilters(new URL(request.originalUrl, 'http://page').searchParams);
    const state: HealingPageState = {
      list: await findHealing(stored, toRequest(filters)),
      filters,
      now: Date.now(),
      environmentLabel: settings.environmentLabel,
    };
    const page = <HealingPage store={createHealingStore(state)} />;
    sendPage(request, response, assets, { title: 'Healing', script: 'healing.tsx', state, page });
  });
}
