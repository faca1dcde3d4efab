import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import express, { type RequestHandler } from 'express';

/** The bundles that scripts/build-web.mjs makes, as seen from the sources and from the build. */
const BUILT_PAGES = join(
  fileURLToPath(new URL('../..', import.meta.url)).replace(/\/(dist\/?)?$/, ''),
  'dist',
  'web',
);

export interface Assets {
  /** Where a browser finds what was built of a source: `fleet.tsx` is at `/assets/fleet-JH34K2LM.js`. */
  url(source: string): string;
  /** Their names carry a hash of their content: a browser keeps them for ever. */
  readonly serve: RequestHandler;
}

/** Read anew while nothing is built yet, so that a page says what is missing instead of the start failing. */
export function openAssets(folder = BUILT_PAGES): Assets {
  const manifest = join(folder, 'manifest.json');
  let names: Readonly<Record<string, string>> | undefined;
  return {
    url: (source) => {
      names ??= readManifest(manifest);
      const name = names[source];
      if (name === undefined)
        throw new Error(`${manifest} names no ${source}: build again with npm run build`);
      return `/assets/${name}`;
    },
    serve: express.static(join(folder, 'assets'), {
      immutable: true,
      maxAge: '365d',
      index: false,
      redirect: false,
    }),
  };
}

function readManifest(manifest: string): Record<string, string> {
  if (!existsSync(manifest)) throw new Error(`${manifest} is missing: build the pages with npm run build`);
  return JSON.parse(readFileSync(manifest, 'utf8')) as Record<string, string>;
}
