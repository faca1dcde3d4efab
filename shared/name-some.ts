const SHOWN = 10;

/** For an error: the first names, and whether there are more. */
export function nameSome(names: readonly string[]): string {
  return names.slice(0, SHOWN).join(', ') + (names.length > SHOWN ? ', …' : '');
}
