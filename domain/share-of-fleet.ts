/**
 * The number of namespaces that a setting means: a number, or a percentage of the fleet, but at least so many. The fleet is
 * counted only for a percentage: that takes long.
 */
export function shareOfFleet(setting: string, countNamespaces: () => number, atLeast: number): number {
  const value = Number.parseInt(setting, 10);
  return setting.endsWith('%') ? Math.max(atLeast, Math.floor((countNamespaces() * value) / 100)) : value;
}
