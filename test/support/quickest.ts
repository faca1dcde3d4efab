/**
 * The quickest of a few tries, in milliseconds; the first that takes less than `enoughMs` is the last. What a busy machine
 * holds up once, it does not hold up every time; what is slow by design is slow in all of them.
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
