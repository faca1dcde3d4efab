import type { FleetView } from '../../api/fleet-view/fleet-view.ts';
import { summariseFleet } from '../../domain/fleet/summarise-fleet.ts';

/** A view of an empty fleet; a test overrides only what matters to it. */
export function aFakeView(overrides: Partial<FleetView> = {}): FleetView {
  const summary = () =>
    summariseFleet({
      rows: [],
      channels: new Map(),
      workers: undefined,
      queue: undefined,
      rollouts: [],
      notices: [],
      stale: [],
    });
  return {
    ready: async () => undefined,
    refresh: async () => undefined,
    position: () => 'fake.0',
    document: () => ({ position: 'fake.0', now: 0, summary: summary(), rows: [] }),
    rows: () => [],
    row: () => undefined,
    status: () => undefined,
    record: () => undefined,
    channel: () => undefined,
    summary,
    changesSince: () => undefined,
    subscribe: () => () => undefined,
    close: async () => undefined,
    ...overrides,
  };
}
