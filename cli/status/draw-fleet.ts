import type { FleetState } from '../../client/apply-news.ts';
import type { FleetRow } from '../../domain/fleet/fleet-row.ts';
import { oneLine, truncate } from '../text/lines.ts';
import type { Paint } from '../text/paint.ts';
import { drawTable } from '../text/table.ts';
import { describeNotices } from './describe-notices.ts';
import { describeCounts, describeWork, rowColumns } from './describe-row.ts';
import { worstFirst } from './select-rows.ts';

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
}

/** One frame of `--watch`: the numbers, then as many rows as fit, worst first. */
export function drawFleet(
  state: FleetState,
  selected: readonly FleetRow[],
  screen: Screen,
  now: number,
): string[] {
  const { columns, paint } = screen;
  const { connection } = state;
  const warnings = [
    ...(connection.state === 'lost'
      ? [`connection lost, data can be out of date: ${connection.reason}`]
      : []),
    ...describeNotices(state.summary),
  ];
  const head = [
    paint(truncate(describeCounts(selected), columns), 'bold'),
    truncate(describeWork(state.summary, now), columns),
    ...warnings.map((warning) => paint(truncate(oneLine(warning), columns), 'yellow')),
  ].filter(Boolean);
  // One line for the headings, one for the rest, one for the cursor.
  const room = Math.max(1, screen.rows - head.length - 3);
  const shown = worstFirst(selected).slice(0, room);
  const more = selected.length - shown.length;
  return [
    ...head,
    ...drawTable(rowColumns({ now, forPeople: true }), shown, { width: columns, paint }),
    ...(more > 0 ? [paint(truncate(`and ${more} more`, columns), 'dim')] : []),
  ];
}
