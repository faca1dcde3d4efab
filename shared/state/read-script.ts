import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Next to this file, both in the sources and in `dist/`. */
const FOLDER = fileURLToPath(new URL('./lua', import.meta.url));

/** The text of `lua/<name>.lua`, with its includes from `lua/includes/`. */
export function readScript(name: string): string {
  return resolveIncludes(readFileSync(`${FOLDER}/${name}.lua`, 'utf8'), readInclude);
}

function readInclude(name: string): string {
  return readFileSync(`${FOLDER}/includes/${name}.lua`, 'utf8');
}

/** Replaces each line `--- @include "name"` with that file, or with nothing if it was already included. */
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
