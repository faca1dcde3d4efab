/**
 * True if `position` is at or after `version`, both resourceVersions of one API server; undefined if they cannot be
 * compared as numbers.
 */
export function isAtOrAfter(position: string | undefined, version: string): boolean | undefined {
  if (position === undefined || !/^\d+$/.test(position) || !/^\d+$/.test(version)) return undefined;
  return BigInt(position) >= BigInt(version);
}
