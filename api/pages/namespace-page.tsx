import type { RequestHandler } from 'express';
import type { NamespaceObjects } from '../../domain/explain/namespace-details.ts';
import type { Hold } from '../../domain/rollout/hold.ts';
import { NamespacePage, UnknownNamespacePage } from '../../web/namespace/namespace-page.tsx';
import { createNamespaceStore } from '../../web/namespace/namespace-store.ts';
import type { NamespacePageState } from '../../web/namespace/page-state.ts';
import { baseOf } from '../base-path.ts';
import { describeNamespace } from '../namespace-details/describe-namespace.ts';
import { snapshotOf } from '../namespace-details/snapshot-of.ts';
import type { Assets } from './assets.ts';
import { type PageSources, sendPage } from './send-page.tsx';

/** If the objects take longer than this, the page is sent without them: the browser requests them. */
const OBJECTS_WAIT_MS = 2_500;

/** `/status/:namespace`: complete without JavaScript, kept current with it. */
export function namespacePage(sources: PageSources, assets: Assets): RequestHandler {
  return async (request, response) => {
    const namespace = String(request.params.namespace);
    const { environmentLabel } = sources.settings;
    const isTrusted = sources.isTrusted(request);
    const known = await snapshotOf(sources, namespace);
    const [details, objects, hold] = await Promise.all([
      known.config ? describeNamespace({ ...sources, isTrusted }, known, baseOf(response)) : undefined,
      isTrusted ? objectsInTime(sources, namespace) : undefined,
      holdOf(sources, namespace),
    ]);
    if (!details) {
      const page = <UnknownNamespacePage namespace={namespace} environmentLabel={environmentLabel} />;
      sendPage(request, response, assets, {
        title: namespace,
        script: 'namespace.tsx',
        state: null,
        page,
        status: 404,
      });
      return;
    }
    const feedWorker = baseOf(response) + assets.url('feed-worker.ts');
    const state: NamespacePageState = { details, objects, hold, feedWorker, environmentLabel };
    const page = <NamespacePage store={createNamespaceStore(state)} />;
    sendPage(request, response, assets, { title: namespace, script: 'namespace.tsx', state, page });
  };
}

/** The page is useful without it, while Redis does not answer. */
async function holdOf({ state }: Pick<PageSources, 'state'>, namespace: string): Promise<Hold | undefined> {
  return (await state.holds().catch(() => undefined))?.get(namespace);
}

async function objectsInTime(
  { cluster, objects }: Pick<PageSources, 'cluster' | 'objects'>,
  namespace: string,
): Promise<NamespaceObjects | undefined> {
  if (!cluster.snapshot(namespace).config) return undefined;
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), OBJECTS_WAIT_MS);
  });
  const reading = objects.read(namespace).catch(() => undefined);
  return Promise.race([reading, timedOut]).finally(() => clearTimeout(timer));
}
