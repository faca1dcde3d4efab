import { shareOfFleet } from '../share-of-fleet.ts';

const SHORTEST_WAIT_MS = 10_000;
/** So that thousands do not come back at once. */
const WAIT_SPREAD_MS = 20_000;

/**
 * How many namespaces of the whole fleet can be changed and not yet verified at the same time: a number, or a percentage of
 * the fleet (at least 1). Undefined if there is no limit.
 */
export function maxInFlight(setting: string, countNamespaces: () => number): number | undefined {
  if (Number.parseInt(setting, 10) === 0) return undefined;
  return shareOfFleet(setting, countNamespaces, 1);
}

/**
 * How long a namespace for which there is no room waits at most, in milliseconds: the end of another run wakes it, unless a
 * worker died just then, or what was in flight only expired. `random`: from 0 to below 1.
 */
export function waitForRoom(random: number): number {
  return SHORTEST_WAIT_MS + Math.round(random * WAIT_SPREAD_MS);
}
