const SHOWN = 5;

/** `team-a, team-b and 3 more` */
export function nameSome(names: readonly string[], shown = SHOWN): string {
  const more = names.length - shown;
  const named = names.slice(0, shown).join(', ');
  return more > 0 ? `${named} and ${more} more` : named;
}
