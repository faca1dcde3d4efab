import { DAY_MS } from '../time-parts.ts';

/** A channel that says more about a release than this is not believed: Skipper was not there when it was published. */
const BELIEVED_MS = 7 * DAY_MS;

/** When a release was published: as its channel says, or when Skipper first saw it. In milliseconds since the epoch. */
export function publicationTime(updated: string | undefined, firstSeenAt: number): number {
  const published = Date.parse(updated ?? '');
  const isBelieved = published <= firstSeenAt && firstSeenAt - published <= BELIEVED_MS;
  return isBelieved ? published : firstSeenAt;
}

/** What is known when a release is verified in a namespace. */
export interface Adoption {
  readonly outcome: string;
  /** Undefined if the release was never seen in a channel. */
  readonly publishedAt: number | undefined;
  /** It was verified in this namespace before. */
  readonly isKnown: boolean;
  /** Publication of the release that was verified last. */
  readonly previousPublishedAt: number | undefined;
  readonly now: number;
}

/**
 * How long the release took to reach the namespace, in milliseconds; undefined if it is not an adoption: the first FDD of a
 * namespace, a release that was there before, an older one.
 */
export function adoptionLag(adoption: Adoption): number | undefined {
  const { outcome, publishedAt, previousPublishedAt, isKnown, now } = adoption;
  // A run that was lost or has failed can have written it before.
  const hadAnother = outcome === 'updated' || (previousPublishedAt !== undefined && outcome !== 'skipped');
  const isOlder = publishedAt !== undefined && (previousPublishedAt ?? 0) > publishedAt;
  if (!hadAnother || publishedAt === undefined || isKnown || isOlder) return undefined;
  return Math.max(0, now - publishedAt);
}
