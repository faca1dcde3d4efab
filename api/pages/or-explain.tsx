import type { Request, RequestHandler, Response } from 'express';
import { UnreadablePage } from '../../web/rollouts/unreadable-page.tsx';
import { toProblem } from '../problem.ts';
import type { Assets } from './assets.ts';
import { type PageSources, sendPage } from './send-page.tsx';

type Handle = (request: Request, response: Response) => Promise<void>;

/** What is stored in Redis cannot always be read: people get a page that says why. */
export function orExplain(
  { settings }: Pick<PageSources, 'settings'>,
  assets: Assets,
  handle: Handle,
): RequestHandler {
  return async (request, response) => {
    try {
      await handle(request, response);
    } catch (error) {
      const { status, message } = toProblem(error);
      if (status !== 503) throw error;
      const { environmentLabel } = settings;
      sendPage(request, response, assets, {
        title: 'Rollouts cannot be read now',
        script: 'rollouts.tsx',
        state: null,
        page: <UnreadablePage reason={message} environmentLabel={environmentLabel} />,
        status,
      });
    }
  };
}
