export interface VersionShare {
  /** '' if FDD is not running; undefined for all other versions together. */
  readonly version: string | undefined;
  readonly label: string;
  readonly count: number;
}

/** The number of colours. */
const MOST = 5;

/** The versions for bar and legend: the most frequent ones, and the rest as one. */
export function shareVersions(
  versions: readonly { readonly version: string; readonly count: number }[],
): VersionShare[] {
  const shares = versions.map(({ version, count }) => ({ version, count, label: version || 'not running' }));
  if (shares.length <= MOST) return shares;
  const rest = shares.slice(MOST - 1);
  const count = rest.reduce((sum, share) => sum + share.count, 0);
  return [...shares.slice(0, MOST - 1), { version: undefined, label: `${rest.length} others`, count }];
}
