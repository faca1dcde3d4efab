import type { RequestHandler } from 'express';
import { failuresOf } from '../../web/rollouts/failures-of.ts';
import type { RolloutPageState } from '../../web/rollouts/page-state.ts';
import { RolloutPage, UnknownRolloutPage } from '../../web/rollouts/rollout-page.tsx';
import { createRolloutStore } from '../../web/rollouts/rollout-store.ts';
import {
  PAGE_SIZE,
  parseTargetSelection,
  type TargetSelection,
} from '../../web/rollouts/target-selection.ts';
import { baseOf } from '../base-path.ts';
import { describeRollout } from '../routes/rollouts.ts';
import { withholdEvidence } from '../withhold.ts';
import type { Assets } from './assets.ts';
import { orExplain } from './or-explain.tsx';
import { type PageSources, sendPage } from './send-page.tsx';

/** `GET /rollouts/:id`: complete without JavaScript, kept current with it. */
export function rolloutPage(
  sources: Pick<PageSources, 'state' | 'settings'>,
  assets: Assets,
): RequestHandler {
  return orExplain({ ...sources, assets, what: 'rollouts' }, async (request, response) => {
    const id = String(request.params.id);
    const selection = parseTargetSelection(new URL(request.originalUrl, 'http://page').searchParams);
    const state = await readPage(sources, { id, selection, base: baseOf(response) });
    if (state === undefined) {
      const { environmentLabel } = sources.settings;
      sendPage(request, response, assets, {
        title: 'Rollout not found',
        script: 'rollout.tsx',
        state: null,
        page: <UnknownRolloutPage id={id} environmentLabel={environmentLabel} />,
        status: 404,
      });
      return;
    }
    const page = <RolloutPage store={createRolloutStore(state)} />;
    sendPage(request, response, assets, { title: `Rollout ${id}`, script: 'rollout.tsx', state, page });
  });
}

interface WantedPage {
  readonly id: string;
  readonly selection: TargetSelection;
  readonly base: string;
}

async function readPage(
  { state: stored, settings }: Pick<PageSources, 'state' | 'settings'>,
  { id, selection, base }: WantedPage,
): Promise<RolloutPageState | undefined> {
  const known = await stored.rollout(id);
  if (known === undefined) return undefined;
  const { state, page } = selection;
  const query = { limit: PAGE_SIZE, offset: (page - 1) * PAGE_SIZE, state: state || undefined };
  const targets = [...known.targets].map(([namespace, target]) => ({ namespace, ...target }));
  return {
    // The page does not show the evidence; that of a namespace does.
    rollout: withholdEvidence(await describeRollout(stored, known, query, base)),
    failures: failuresOf(targets),
    selection,
    now: Date.now(),
    environmentLabel: settings.environmentLabel,
  };
}
