import type { Request, RequestHandler, Response } from 'express';
import { type StoredWhat, UnreadablePage, unreadable } from '../../web/ui/unreadable-page.tsx';
import { toProblem } from '../problem.ts';
import type { Assets } from './assets.ts';
import { type PageSources, sendPage } from './send-page.tsx';

interface StoredPage extends Pick<PageSources, 'settings'> {
  readonly assets: Assets;
  readonly what: StoredWhat;
}

type Handle = (request: Request, response: Response) => Promise<void>;

/** What is stored in Redis cannot always be read: people get a page that says why. */
export function orExplain({ settings, assets, what }: StoredPage, handle: Handle): RequestHandler {
  return async (request, response) => {
    try {
      await handle(request, response);
    } catch (error) {
      const { status, message } = toProblem(error);
      if (status !== 503) throw error;
      const { environmentLabel } = settings;
      sendPage(request, response, assets, {
        title: unreadable(what),
        script: `${what}.tsx`,
        state: null,
        page: <UnreadablePage what={what} reason={message} environmentLabel={environmentLabel} />,
        status,
      });
    }
  };
}
