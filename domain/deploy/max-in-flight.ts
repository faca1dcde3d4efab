/** A namespace waits for room in the fleet's limit for at most this long before it tries again. */
const LONGEST_WAIT_MS = 15_000;
const SHORTEST_WAIT_MS = 500;
/** All that wait together try this often per second. */
const TRIES_PER_SECOND = 250;

/**
 * How many namespaces of the whole fleet can be changed and not yet verified at the same time: a number, or a percentage of
 * the fleet (at least 1). Undefined if there is no limit.
 */
export function maxInFlight(setting: string, namespaces: number): number | undefined {
  const value = Number.parseInt(setting, 10);
  if (value === 0) return undefined;
  return setting.endsWith('%') ? Math.max(1, Math.floor((namespaces * value) / 100)) : value;
}

/** How long a namespace for which there is no room waits, in milliseconds. `random`: from 0 to below 1. */
export function waitForRoom(unfinished: number, random: number): number {
  const spreadMs = Math.min(LONGEST_WAIT_MS, (unfinished / TRIES_PER_SECOND) * 1_000);
  return Math.round(SHORTEST_WAIT_MS + random * Math.max(SHORTEST_WAIT_MS, spreadMs));
}
