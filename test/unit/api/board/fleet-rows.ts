import type { FleetRow } from '../../../../shared/domain/fleet-row.ts';

/** A namespace that is well, but for what a test says. */
export function aFleetRow(fields: Partial<FleetRow> = {}): FleetRow {
  return {
    namespace: 'team-a',
    status: 'OK',
    health: 'well',
    channel: 'stable',
    version: 'v1',
    wanted: 'v1',
    activity: 'idle',
    detail: '',
    cause: '',
    causeGroup: '',
    attempt: 0,
    ...fields,
  };
}
