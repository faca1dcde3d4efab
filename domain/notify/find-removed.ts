/** A receiver that comes back within this time was missing by mistake, or a worker has not read its new file yet. */
export const REMOVED_MS = 10 * 60_000;

export interface KnownReceivers {
  /** In the file of this worker. */
  readonly configured: ReadonlySet<string>;
  /** Those with a position in the audit log. */
  readonly stored: Iterable<string>;
  /** When a worker last had each in its file. */
  readonly seen: ReadonlyMap<string, number>;
  /** Since when this worker runs: the others can have started later. */
  readonly since: number;
  readonly now: number;
}

/** The receivers that no worker has had in its file for long. */
export function findRemoved({ configured, stored, seen, since, now }: KnownReceivers): string[] {
  if (now - since < REMOVED_MS) return [];
  return [...stored].filter((name) => !configured.has(name) && now - (seen.get(name) ?? 0) >= REMOVED_MS);
}
