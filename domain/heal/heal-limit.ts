import { shareOfFleet } from '../share-of-fleet.ts';

/** A percentage of a small fleet would be no namespace at all. */
const AT_LEAST = 5;

/** The number of namespaces that a setting means: a number, or a percentage of the fleet (at least 5). */
export function healLimit(setting: string, fleet: number): number {
  return shareOfFleet(setting, () => fleet, AT_LEAST);
}
