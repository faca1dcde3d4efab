import type { RequestHandler } from 'express';
import type { Core } from '../../shared/core.ts';
import type { NamespaceObjects } from '../../shared/domain/namespace-story.ts';
import { createNamespaceStore } from '../../web/namespace/namespace-store.ts';
import type { NamespacePageState } from '../../web/namespace/page-state.ts';
import { NamespacePage, UnknownNamespacePage } from '../../web/pages/namespace-page.tsx';
import type { FleetView } from '../fleet-view/fleet-view.ts';
import { readNamespaceObjects } from '../story/namespace-objects.ts';
import { tellStory } from '../story/namespace-story.ts';
import type { Assets } from './assets.ts';
import { sendPage } from './send-page.tsx';

/** A page whose objects take longer than this is sent without them: the browser asks again. */
const OBJECTS_WAIT_MS = 2_500;

/** `/status/:namespace`: whole without a script, then kept current by one. */
export function namespacePage(sources: { core: Core; view: FleetView }, assets: Assets): RequestHandler {
  const { core, view } = sources;
  return async (request, response) => {
    const namespace = String(request.params.namespace);
    const [story, objects] = await Promise.all([
      tellStory(core, view, namespace),
      objectsInTime(core, namespace),
    ]);
    if (!story) {
      const page = <UnknownNamespacePage namespace={namespace} />;
      sendPage(request, response, assets, {
        title: namespace,
        script: 'namespace.tsx',
        state: null,
        page,
        status: 404,
      });
      return;
    }
    const state: NamespacePageState = { story, objects, feedWorker: assets.url('feed-worker.ts') };
    const page = <NamespacePage store={createNamespaceStore(state)} />;
    sendPage(request, response, assets, { title: namespace, script: 'namespace.tsx', state, page });
  };
}

async function objectsInTime(core: Core, namespace: string): Promise<NamespaceObjects | undefined> {
  if (!core.fleet.snapshot(namespace).config) return undefined;
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), OBJECTS_WAIT_MS);
  });
  const reading = readNamespaceObjects(core, namespace).catch(() => undefined);
  return Promise.race([reading, tooLate]).finally(() => clearTimeout(timer));
}
