import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Beside this file, from source as well as from `dist/`. */
const FOLDER = fileURLToPath(new URL('./lua', import.meta.url));

/** The text of `lua/<name>.lua`, with what it includes from `lua/includes/`. */
export function readScript(name: string): string {
  return resolveIncludes(readFileSync(`${FOLDER}/${name}.lua`, 'utf8'), readInclude);
}

function readInclude(name: string): string {
  return readFileSync(`${FOLDER}/includes/${name}.lua`, 'utf8');
}

/** Replaces each line `--- @include "name"` by that file, and by nothing if it is there already. */
export function resolveIncludes(
  lua: string,
  read: (name: string) => string,
  included: Set<string> = new Set(),
): string {
  return lua.replace(/^--- @include "(.+)"$/gm, (_line, name: string) => {
    if (included.has(name)) return '';
    included.add(name);
    return resolveIncludes(read(name), read, included);
  });
}
