/**
 * The quickest of a few tries, in milliseconds; stops at the first below `enoughMs`. A busy machine does not delay every try,
 * but code that is slow by design is slow in all of them.
 */
export async function quickestOf(
  tries: number,
  enoughMs: number,
  take: (index: number) => Promise<number>,
): Promise<number> {
  let quickest = Number.POSITIVE_INFINITY;
  for (let index = 0; index < tries && quickest >= enoughMs; index += 1) {
    quickest = Math.min(quickest, await take(index));
  }
  return quickest;
}
