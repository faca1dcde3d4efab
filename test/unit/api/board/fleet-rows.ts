import type { FleetRow } from '../../../../domain/fleet/fleet-row.ts';
import { aFleetRow as aRow } from '../../../support/builders.ts';

/** A healthy namespace at version v1, except for the fields of a test. */
export function aFleetRow(fields: Partial<FleetRow> = {}): FleetRow {
  return aRow({ version: 'v1', wanted: 'v1', ...fields });
}
