/** A lease lasts this long after its latest renewal; the namespace of a killed run must be free within 10 s. */
export const LEASE_MS = 5_000;
