import type { RequestHandler } from 'express';
import type { RolloutsPageState } from '../../web/rollouts/page-state.ts';
import { parseFilters } from '../../web/rollouts/rollout-filters.ts';
import { createRolloutsStore } from '../../web/rollouts/rollout-store.ts';
import { RolloutsPage } from '../../web/rollouts/rollouts-page.tsx';
import { baseOf } from '../base-path.ts';
import { rolloutHead } from '../views.ts';
import type { Assets } from './assets.ts';
import { type PageSources, sendPage } from './send-page.tsx';

/** `GET /rollouts`: the rollouts that the filters of its URL show, newest first. */
export function rolloutsPage(
  { state: stored, settings }: Pick<PageSources, 'state' | 'settings'>,
  assets: Assets,
): RequestHandler {
  return async (request, response) => {
    const filters = parseFilters(new URL(request.originalUrl, 'http://page').searchParams);
    const rollouts = (await stored.rolloutsWithCounts(50)).map((each) => rolloutHead(each, baseOf(response)));
    const state: RolloutsPageState = {
      list: { rollouts },
      filters,
      now: Date.now(),
      environmentLabel: settings.environmentLabel,
    };
    sendPage(request, response, assets, {
      title: 'Rollouts',
      script: 'rollouts.tsx',
      state,
      page: <RolloutsPage store={createRolloutsStore(state)} />,
    });
  };
}
