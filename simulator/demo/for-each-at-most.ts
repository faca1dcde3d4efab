/** Does something for each item, at most so many at the same time. */
export async function forEachAtMost<Item>(
  limit: number,
  items: readonly Item[],
  act: (item: Item) => Promise<unknown>,
): Promise<void> {
  const waiting = items.values();
  const work = async (): Promise<void> => {
    for (const item of waiting) await act(item);
  };
  await Promise.all(Array.from({ length: limit }, work));
}
