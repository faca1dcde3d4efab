import type { Request, RequestHandler, Response } from 'express';
import type { VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { Settings } from '../../shared/config.ts';
import { BasePath } from '../../web/ui/link.tsx';
import { readTheme } from '../../web/ui/theme.ts';
import { baseOf } from '../base-path.ts';
import type { RouteServices } from '../route.ts';
import type { Assets } from './assets.ts';

/** The data sources of the pages. */
export interface PageSources
  extends Pick<RouteServices, 'state' | 'policy' | 'cluster' | 'client' | 'view' | 'objects'> {
  readonly settings: Pick<Settings, 'environmentLabel'>;
  /** The request has the token, or none is needed. */
  readonly isTrusted: (request: Request) => boolean;
  /** Refuses requests without the token. */
  readonly requireToken: RequestHandler;
}

export interface PageContent<State> {
  /** The title of the tab; the product name is appended. */
  readonly title: string;
  /** The source of the module that hydrates the page: `fleet.tsx`. */
  readonly script: string;
  /** The initial state of that module, which reads it from `#state` and hydrates `#page`. */
  readonly state: State;
  readonly page: VNode;
  readonly status?: number;
}

/** Sends a whole HTML document, without inline scripts: the state is a data block, which needs no CSP exception. */
export function sendPage<State>(
  request: Request,
  response: Response,
  assets: Assets,
  content: PageContent<State>,
): void {
  const base = baseOf(response);
  const theme = readTheme(request.headers.cookie ?? '');
  const document = (
    <html lang="en" data-theme={theme === 'system' ? undefined : theme}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${content.title} · Skipper`}</title>
        <link rel="icon" type="image/svg+xml" href={base + assets.url('logo.svg')} />
        <link rel="stylesheet" href={base + assets.url('skipper.css')} />
        <script type="module" src={base + assets.url(content.script)} />
      </head>
      <body>
        <div id="page">
          <BasePath.Provider value={base}>{content.page}</BasePath.Provider>
        </div>
        <script
          type="application/json"
          id="state"
          dangerouslySetInnerHTML={{ __html: toDataBlock(content.state) }}
        />
      </body>
    </html>
  );
  response
    .status(content.status ?? 200)
    .set('cache-control', 'no-store')
    .type('html')
    .send(`<!doctype html>${renderToString(document)}`);
}

/** JSON that cannot close its script element. */
export function toDataBlock(state: unknown): string {
  return JSON.stringify(state).replaceAll('<', '\\u003c');
}
