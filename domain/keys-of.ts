/** The keys of a table, in its order. Unlike a list, a `Record` must have every member of a union, or it does not compile. */
export function keysOf<Key extends string>(table: Readonly<Record<Key, unknown>>): Key[] {
  // Object.keys returns string[], because an object can have more keys than its type; a table does not.
  return Object.keys(table) as Key[];
}
