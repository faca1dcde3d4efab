// Bundles shared/kubernetes/client-library.ts with the few files of @kubernetes/client-node that it needs, into dist.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const LIBRARY = '@kubernetes/client-node';

await build({
  absWorkingDir: root,
  entryPoints: [join(root, 'shared', 'kubernetes', 'client-library.ts')],
  outfile: join(root, 'dist', 'shared', 'kubernetes', 'client-library.js'),
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
  plugins: [{ name: 'only what is used', setup: onlyWhatIsUsed }],
});

/** The library's own files are bundled, and left out if nothing is imported from them; its dependencies stay packages. */
function onlyWhatIsUsed(bundler) {
  bundler.onResolve({ filter: /.*/ }, async ({ path, resolveDir, kind, pluginData }) => {
    if (pluginData === 'resolving' || kind === 'entry-point') return undefined;
    if (path !== LIBRARY && !path.startsWith('.')) return { path, external: true };
    const resolved = await bundler.resolve(path, { resolveDir, kind, pluginData: 'resolving' });
    return { ...resolved, sideEffects: false };
  });
}
