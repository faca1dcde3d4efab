import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import express, { type RequestHandler } from 'express';

/** The bundles of scripts/build-web.mjs; the path works from the sources and from the build. */
const BUILT_PAGES = join(
  fileURLToPath(new URL('../..', import.meta.url)).replace(/\/(dist\/?)?$/, ''),
  'dist',
  'web',
);

export interface Assets {
  /** The path of a built source below the base path: `fleet.tsx` is at `/assets/fleet-JH34K2LM.js`. */
  url(source: string): string;
  /** File names have a hash of their content, so that browsers can cache them forever. */
  readonly serve: RequestHandler;
}

/** The manifest is read on first use, so that a missing build fails a page with a clear error, not the start. */
export function openAssets(folder = BUILT_PAGES): Assets {
  const manifest = join(folder, 'manifest.json');
  let names: Readonly<Record<string, string>> | undefined;
  return {
    url: (source) => {
      names ??= readManifest(manifest);
      const name = names[source];
      if (name === undefined)
        throw new Error(`${manifest} has no entry for ${source}: rebuild with npm run build`);
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
