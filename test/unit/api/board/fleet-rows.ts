import type { FleetRow } from '../../../../domain/fleet/fleet-row.ts';
import { aFleetRow as aRow } from '../../../support/builders.ts';

/** A namespace that is well at version v1, but for what a test says. */
export function aFleetRow(fields: Partial<FleetRow> = {}): FleetRow {
  return aRow({ version: 'v1', wanted: 'v1', ...fields });
}
