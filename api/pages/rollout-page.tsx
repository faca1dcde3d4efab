import type { RequestHandler } from 'express';
import type { RolloutPageState } from '../../web/rollouts/page-state.ts';
import { RolloutPage, UnknownRolloutPage } from '../../web/rollouts/rollout-page.tsx';
import { createRolloutStore } from '../../web/rollouts/rollout-store.ts';
import { parseTargetSelection } from '../../web/rollouts/target-selection.ts';
import { baseOf } from '../base-path.ts';
import type { Assets } from './assets.ts';
import { readShownRollout } from './rollout-source.ts';
import { type PageSources, sendPage } from './send-page.tsx';

/** `GET /rollouts/:id`: complete without JavaScript, kept current with it. */
export function rolloutPage(
  { state: stored, settings }: Pick<PageSources, 'state' | 'settings'>,
  assets: Assets,
): RequestHandler {
  return async (request, response) => {
    const id = String(request.params.id);
    const { environmentLabel } = settings;
    const query = new URL(request.originalUrl, 'http://page').searchParams;
    const selection = parseTargetSelection(query);
    const now = Date.now();
    const shown = await readShownRollout(stored, { id, selection, base: baseOf(response), now });
    if (shown === undefined) {
      const page = <UnknownRolloutPage id={id} environmentLabel={environmentLabel} />;
      sendPage(request, response, assets, {
        title: 'Rollout not found',
        script: 'rollout.tsx',
        state: null,
        page,
        status: 404,
      });
      return;
    }
    const state: RolloutPageState = { ...shown, selection, now, environmentLabel };
    const page = <RolloutPage store={createRolloutStore(state)} />;
    sendPage(request, response, assets, { title: `Rollout ${id}`, script: 'rollout.tsx', state, page });
  };
}
