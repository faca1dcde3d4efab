import type { Request, RequestHandler } from 'express';
import { UnknownPage } from '../../web/ui/unknown-page.tsx';
import { baseOf } from '../base-path.ts';
import type { Assets } from './assets.ts';
import { type PageSources, sendPage } from './send-page.tsx';

/** For an unknown address, browsers get a page; programs get the API's own response. */
export function unknownPage({ settings }: Pick<PageSources, 'settings'>, assets: Assets): RequestHandler {
  return (request, response, next) => {
    if (!isForPeople(request)) return next();
    const { environmentLabel } = settings;
    sendPage(request, response, assets, {
      title: 'Page not found',
      script: 'namespace.tsx',
      state: null,
      page: <UnknownPage path={baseOf(response) + request.path} environmentLabel={environmentLabel} />,
      status: 404,
    });
  };
}

/** A browser prefers HTML; curl accepts everything, so JSON comes first. */
function isForPeople(request: Request): boolean {
  return ['GET', 'HEAD'].includes(request.method) && request.accepts(['json', 'html']) === 'html';
}
