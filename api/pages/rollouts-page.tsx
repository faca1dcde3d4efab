import type { RequestHandler } from 'express';
import type { RolloutsPageState } from '../../web/rollouts/page-state.ts';
import {
  formatFilters,
  parseFilters,
  type RolloutFilters,
  toRequest,
} from '../../web/rollouts/rollout-filters.ts';
import { createRolloutsStore } from '../../web/rollouts/rollout-store.ts';
import { RolloutsPage } from '../../web/rollouts/rollouts-page.tsx';
import { baseOf } from '../base-path.ts';
import { listHolds } from '../routes/holds.ts';
import { findRollouts } from '../routes/rollouts.ts';
import { rolloutHead } from '../views.ts';
import type { Assets } from './assets.ts';
import { orExplain } from './or-explain.tsx';
import { type PageSources, sendPage } from './send-page.tsx';

/** `GET /rollouts`: the rollouts that the filters of its URL show, newest first. */
export function rolloutsPage(
  { state: stored, settings }: Pick<PageSources, 'state' | 'settings'>,
  assets: Assets,
): RequestHandler {
  return orExplain({ settings, assets, what: 'rollouts' }, async (request, response) => {
    const filters = parseFilters(new URL(request.originalUrl, 'http://page').searchParams);
    const isPlaced = filters.before === '' || (await stored.rolloutPage(1, filters.before)) !== undefined;
    // A link to older ones outlives the rollout that it begins with.
    if (!isPlaced) return response.redirect(baseOf(response) + newest(filters));
    const [{ rollouts, next }, held] = await Promise.all([
      findRollouts(stored, toRequest(filters)),
      readHeld(stored),
    ]);
    const state: RolloutsPageState = {
      list: { rollouts: rollouts.map((each) => rolloutHead(each, baseOf(response))), next },
      held,
      filters,
      now: Date.now(),
      environmentLabel: settings.environmentLabel,
    };
    const page = <RolloutsPage store={createRolloutsStore(state)} />;
    sendPage(request, response, assets, { title: 'Rollouts', script: 'rollouts.tsx', state, page });
  });
}

async function readHeld(stored: PageSources['state']): Promise<RolloutsPageState['held']> {
  const [holds, ignored] = await Promise.all([listHolds(stored), stored.ignoredReleases()]);
  return { holds, ignored: [...ignored.values()].sort((a, b) => b.at - a.at) };
}

function newest(filters: RolloutFilters): string {
  return `/rollouts${formatFilters({ ...filters, before: '' })}`;
}
