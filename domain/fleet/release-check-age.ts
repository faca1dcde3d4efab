/** The check is overdue after this many missed intervals. */
const OVERDUE_AFTER_INTERVALS = 3;
/** Reading the channels can take this long if the release server is slow. */
const SLOWEST_CHECK_MS = 30_000;

/** The last successful release check, if known. */
export interface ReleaseCheckAge {
  /** When it ended; undefined if none is known. */
  readonly at: number | undefined;
  /** The time to count from: the end of that check, or the start of this process if none is known. */
  readonly since: number;
  readonly intervalSeconds: number;
}

/** Why the release check is overdue, in words; undefined if it is not. */
export function explainReleaseCheck(
  { at, since, intervalSeconds }: ReleaseCheckAge,
  now: number,
): string | undefined {
  const ageMs = now - since;
  if (ageMs <= intervalSeconds * 1000 * OVERDUE_AFTER_INTERVALS + SLOWEST_CHECK_MS) return undefined;
  const age = describeAge(ageMs);
  const last =
    at === undefined ? `No release check has ended for ${age}` : `The last release check ended ${age} ago`;
  return `${last}, although one is due every ${intervalSeconds} s: new releases are not detected`;
}

function describeAge(ageMs: number): string {
  const seconds = Math.round(ageMs / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
}
