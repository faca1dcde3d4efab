/** One check that is late is no reason to worry; this many are. */
const OVERDUE_AFTER_INTERVALS = 3;
/** A check reads its channels, which can take this long where the release server is slow. */
const SLOWEST_CHECK_MS = 30_000;

/** The last release check that ended well, as far as it is known. */
export interface ReleaseCheckAge {
  /** When it ended; undefined if none is known. */
  readonly at: number | undefined;
  /** Since when one should have been made: the start of this process, if none is known. */
  readonly since: number;
  readonly intervalSeconds: number;
}

/** Why the release check is a problem, in words; undefined while it is not. */
export function explainReleaseCheck(
  { at, since, intervalSeconds }: ReleaseCheckAge,
  now: number,
): string | undefined {
  const ageMs = now - since;
  if (ageMs <= intervalSeconds * 1000 * OVERDUE_AFTER_INTERVALS + SLOWEST_CHECK_MS) return undefined;
  const age = describeAge(ageMs);
  const last =
    at === undefined ? `No release check has ended for ${age}` : `The last release check ended ${age} ago`;
  return `${last}, although one is due every ${intervalSeconds} s: new releases are not noticed. Check the workers, and the release-check queue on the board`;
}

function describeAge(ageMs: number): string {
  const seconds = Math.round(ageMs / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
}
