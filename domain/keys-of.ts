/**
 * The keys of a table, in its order. With a `Record` of a closed set the compiler demands every member, which it does not of
 * a list.
 */
export function keysOf<Key extends string>(table: Readonly<Record<Key, unknown>>): Key[] {
  // Object.keys is typed for objects that may have more keys than their type names; a table has not.
  return Object.keys(table) as Key[];
}
