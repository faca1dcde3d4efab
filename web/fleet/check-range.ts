import type { Item } from './fleet-list.ts';

/** The namespaces from one to another in list order, both included; only the latter if one is not in the list. */
export function namesBetween(items: readonly Item[], from: string, to: string): string[] {
  const names = items.flatMap((item) => (item.kind === 'row' ? [item.row.namespace] : []));
  const [start, end] = [names.indexOf(from), names.indexOf(to)];
  if (start < 0 || end < 0) return [to];
  return names.slice(Math.min(start, end), Math.max(start, end) + 1);
}

/** A set with the names in it, or without them. */
export function withNames(
  set: ReadonlySet<string>,
  names: readonly string[],
  isIn: boolean,
): ReadonlySet<string> {
  const next = new Set(set);
  for (const name of names) {
    if (isIn) next.add(name);
    else next.delete(name);
  }
  return next;
}
