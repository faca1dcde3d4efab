import type { StatusRow } from '../../domain/fleet/status-row.ts';
import type { DemoApi } from './demo-api.ts';
import { describeFailure } from './describe-failure.ts';
import { createFleetViewer, requestKey } from './fleet-view.ts';
import type { LiveTable } from './live-table.ts';

/** Looks at the fleet through the API, and shows it; the causes of failures are asked for once. */
export function watchFleetOf(api: DemoApi, table: LiveTable, startedAt: number) {
  const viewer = createFleetViewer(startedAt);
  const causes = new Map<string, string>();
  return async (note: string): Promise<void> => {
    const rows = await api.status();
    await learnCauses(api, rows, causes);
    table.show(viewer.look(rows, causes, note));
  };
}

async function learnCauses(
  api: DemoApi,
  rows: readonly StatusRow[],
  causes: Map<string, string>,
): Promise<void> {
  const unexplained = rows.filter((row) => row.state === 'failed' && !causes.has(requestKey(row)));
  for (const id of new Set(unexplained.map(({ rollout }) => rollout))) {
    if (id === undefined) continue;
    const { targets } = await api.rollout(id);
    for (const target of targets) {
      if (target.state === 'failed')
        causes.set(requestKey({ ...target, rollout: id }), describeFailure(target));
    }
  }
}
