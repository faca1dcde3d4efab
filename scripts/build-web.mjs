// Bundles what the browser loads: dist/web/assets, with a manifest of the hashed names.
import { rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const outdir = join(root, 'dist', 'web', 'assets');
const ENTRIES = [
  'entry/fleet.tsx',
  'entry/namespace.tsx',
  'entry/rollouts.tsx',
  'entry/rollout.tsx',
  'entry/healing.tsx',
  'entry/audit.tsx',
  'entry/feed-worker.ts',
  'entry/board-names.ts',
  'ui/styles/skipper.css',
  'ui/logo.svg',
];

rmSync(outdir, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ENTRIES.map((entry) => join(root, 'web', entry)),
  outdir,
  bundle: true,
  // What pages and worker share is loaded once: the schemas are as large as a page.
  splitting: true,
  minify: true,
  sourcemap: 'linked',
  format: 'esm',
  target: ['chrome111', 'firefox115', 'safari16.4'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  entryNames: '[name]-[hash]',
  chunkNames: 'shared-[hash]',
  loader: { '.svg': 'copy' },
  metafile: true,
  logLevel: 'warning',
});
const names = Object.entries(metafile.outputs)
  .filter(([, output]) => output.entryPoint !== undefined)
  .map(([file, { entryPoint }]) => [basename(entryPoint), relative(outdir, join(root, file))]);
writeFileSync(
  join(root, 'dist', 'web', 'manifest.json'),
  `${JSON.stringify(Object.fromEntries(names), null, 2)}\n`,
);
