/** In the order in which the keys come; what has no key is left out. */
export function groupBy<Entry, Key>(
  entries: readonly Entry[],
  keyOfEntry: (entry: Entry) => Key | undefined,
) {
  const groups = new Map<Key, Entry[]>();
  for (const entry of entries) {
    const key = keyOfEntry(entry);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group) group.push(entry);
    else groups.set(key, [entry]);
  }
  return groups;
}
