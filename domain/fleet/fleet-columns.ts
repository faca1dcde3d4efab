import type { FleetRow } from './fleet-row.ts';

/** The columns of the fleet as CSV, from the command line and the API alike. */
export const FLEET_COLUMNS = [
  'namespace',
  'health',
  'status',
  'channel',
  'version',
  'wanted',
  'since',
  'activity',
  'attempt',
  'detail',
  'cause',
] as const satisfies readonly (keyof FleetRow)[];
