import type { AppViewRoute, UIConfig } from '@bull-board/api/typings/app';
import { ExpressAdapter } from '@bull-board/express';
import type { NextFunction, Request, Response } from 'express';
import { linkTo } from './links.ts';

/** The board's page loads fonts from another host, and has a link to the fleet page only in a menu. */
export class BoardServer extends ExpressAdapter {
  private readonly assetUrl: (source: string) => string;

  constructor(path: string, assetUrl: (source: string) => string) {
    super();
    this.setBasePath(path);
    this.assetUrl = assetUrl;
  }

  override setEntryRoute({ method, route, handler }: AppViewRoute): this {
    this.app[method](route, (_request: Request, response: Response, next: NextFunction) => {
      const { name, params } = handler({ basePath: linkTo(this.basePath), uiConfig: this.brandedConfig() });
      response.render(name, params, (error: Error | null, html: string) => {
        if (error) next(error);
        else response.send(ownPage(html, linkTo(this.assetUrl('board-names.ts'))));
      });
    });
    return this;
  }

  private brandedConfig(): UIConfig {
    const logo = linkTo(this.assetUrl('logo.svg'));
    return {
      ...this.uiConfig,
      miscLinks: (this.uiConfig.miscLinks ?? []).map(({ text, url }) => ({ text, url: linkTo(url) })),
      boardLogo: { path: logo, width: 28, height: 28 },
      favIcon: { default: logo, alternative: logo },
    };
  }
}

/** The entry page without resources of other hosts, with a link to the fleet page, and with names for its icons. */
export function ownPage(html: string, script: string): string {
  return html
    .replace(/<link[^>]*https?:\/\/[^>]*>/g, '')
    .replace(
      '</head>',
      `<style>${LINK_STYLE}${CONTRAST_STYLE}</style><script type="module" src="${script}"></script></head>`,
    )
    .replace(
      '<div id="root">',
      `<a class="to-fleet" href="${linkTo('/status')}">Fleet page</a><div id="root">`,
    );
}

/** At the end of the header; on a phone, to the right of the title. The board's own badge moves the header down. */
const LINK_STYLE = `
.to-fleet { position: fixed; z-index: 1000; top: calc(var(--header-offset) - var(--header-height) + 0.95rem); right: 1.75rem;
  padding: 0.3rem 0.7rem; border: 1px solid var(--input); border-radius: var(--radius); color: var(--foreground);
  background: var(--card); font-size: 0.875rem; text-decoration: none; }
.to-fleet:hover, .to-fleet:focus-visible { border-color: var(--primary); color: var(--primary); }
header > [class^="content-"] { margin-inline-end: 6.5rem; }
@media (max-width: 768px) {
  .to-fleet { top: calc(var(--header-offset) - var(--header-height) + 0.65rem); right: auto; left: 7.6rem; padding: 0.15rem 0.5rem; }
  header > [class^="content-"] { margin-inline-end: 0; }
}`;

/** The board draws these texts paler than can be read by all. */
const CONTRAST_STYLE = `
small, [class^="description-"] { opacity: 1 !important; font-weight: 400 !important; }
[class*="nullValue-"] { color: var(--muted-foreground) !important; }`;
