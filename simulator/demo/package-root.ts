import { fileURLToPath } from 'node:url';

/** The folder of package.json, as seen from the sources and from the build. */
export const packageRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/(dist\/?)?$/, '');
