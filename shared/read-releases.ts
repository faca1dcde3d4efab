import type { Release } from '../domain/release/release.ts';
import type { Records } from './state/records.ts';

/** The releases with these keys that are still stored; each is read once. */
export async function readReleases(
  state: Pick<Records, 'release'>,
  keys: Iterable<string>,
): Promise<ReadonlyMap<string, Release>> {
  const read = await Promise.all(
    [...new Set(keys)].map(async (key) => [key, await state.release(key)] as const),
  );
  return new Map(read.flatMap(([key, release]) => (release ? [[key, release] as const] : [])));
}
