import { foundEntries } from '../domain/audit/release-entries.ts';
import type { Channel } from '../shared/releases/release-source.ts';
import type { FoundReleases } from '../shared/state/found-releases.ts';

/** Notes the channels that have another version than at the last check. Nothing is concluded from one that cannot be read. */
export async function noteFoundReleases(
  channels: Iterable<Channel>,
  state: FoundReleases,
  now: number,
): Promise<void> {
  const before = await state.foundReleases();
  const after = new Map(
    [...channels].flatMap(({ tag, release, problem }): [string, string][] =>
      release && !problem && before.get(tag) !== release.version ? [[tag, release.version]] : [],
    ),
  );
  if (after.size > 0) await state.saveFoundReleases(after, foundEntries(before, after, now));
}
