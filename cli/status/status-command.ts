import type { ApiClient } from '../../client/api-client.ts';
import { applyNews, beginState, type FleetState } from '../../client/apply-news.ts';
import type { Connection } from '../../client/fleet-news.ts';
import { followFleet } from '../../client/follow-fleet.ts';
import { FLEET_COLUMNS } from '../../domain/fleet/fleet-columns.ts';
import type { FleetDocument } from '../../domain/fleet/fleet-feed.ts';
import type { FleetRow } from '../../domain/fleet/fleet-row.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type ListFormat, type OutputFormat, printDocument, printRecord } from '../output-format.ts';
import type { Io } from '../terminal.ts';
import { printCsv } from '../text/csv.ts';
import { oneLine, wrap } from '../text/lines.ts';
import { painter } from '../text/paint.ts';
import { openRedrawn } from '../text/redrawn.ts';
import { drawTable } from '../text/table.ts';
import { timestamp } from '../text/time.ts';
import { changedRows } from './changed-rows.ts';
import { describeNotices, describeWarnings } from './describe-notices.ts';
import { describeCounts, describeRow, describeWork, rowColumns } from './describe-row.ts';
import { drawFleet } from './draw-fleet.ts';
import { isSelected, type RowFilter, selectRows } from './select-rows.ts';

const FRAME_MS = 100;
/** Redraws at least this often, to update relative times. */
const SECOND_MS = 1_000;

export async function showStatus(
  client: ApiClient,
  filter: RowFilter,
  format: ListFormat,
  io: Io,
): Promise<ExitCode> {
  const document = await client.fleet();
  const rows = selectRows(document.rows, filter);
  if (format === 'table') printTable(rows, document, io);
  else if (format === 'csv') printCsv(rows, FLEET_COLUMNS, io.out);
  else await printDocument({ ...document, rows }, format, io.out);
  if (!isForPeople(format, io)) {
    for (const warning of describeWarnings(document.summary)) io.err.write(`skipper: ${oneLine(warning)}\n`);
  }
  const known = new Set(document.rows.map(({ namespace }) => namespace));
  const unknown = filter.namespaces.filter((namespace) => !known.has(namespace));
  for (const namespace of unknown) io.err.write(`skipper: ${noNamespace(namespace)}\n`);
  const mistakes = unknownChannels(document.rows, filter);
  for (const mistake of mistakes) io.err.write(`skipper: ${mistake}\n`);
  if (rows.length === 0 && unknown.length + mistakes.length === 0)
    io.err.write('skipper: no namespaces match\n');
  return unknown.length + mistakes.length > 0 ? EXIT.refused : EXIT.ok;
}

/** Live: a screen that is redrawn on a terminal, one line per change in a pipe. Ends only by a signal or an error. */
export function watchStatus(
  client: ApiClient,
  filter: RowFilter,
  format: OutputFormat,
  io: Io,
): Promise<never> {
  return format === 'table' && io.out.isInteractive
    ? watchOnScreen(client, filter, io)
    : watchInLines(client, filter, format, io);
}

function isForPeople(format: ListFormat, { out }: Io): boolean {
  return format === 'table' && out.isInteractive;
}

function printTable(rows: readonly FleetRow[], { now, summary }: FleetDocument, { out }: Io): void {
  const paint = painter(out);
  const forPeople = out.isInteractive;
  const width = forPeople ? out.columns() - 1 : undefined;
  for (const line of drawTable(rowColumns({ now, forPeople }), rows, { width, paint }))
    out.write(`${line}\n`);
  if (!forPeople) return;
  const work = describeWork(summary, now);
  const notices = describeNotices(summary).flatMap((notice) => wrap(oneLine(notice), width));
  const end = [
    paint(describeCounts(rows), 'bold'),
    ...(work === '' ? [] : wrap(work, width)),
    ...notices.map((line) => paint(line, 'yellow')),
  ];
  out.write(`\n${end.join('\n')}\n`);
}

async function watchOnScreen(client: ApiClient, filter: RowFilter, { out, now }: Io): Promise<never> {
  const screen = openRedrawn(out);
  const paint = painter(out);
  let state: FleetState | undefined;
  let next: NodeJS.Timeout | undefined;
  let drawnAt = 0;
  const draw = () => {
    clearTimeout(next);
    next = setTimeout(draw, SECOND_MS);
    drawnAt = now();
    if (state === undefined) return;
    // Leaves the last column free: some terminals wrap there.
    const size = { columns: out.columns() - 1, rows: out.rows(), paint };
    const selected = selectRows(state.rows.values(), filter);
    screen.show(drawFleet(state, selected, size, now() + state.clockAheadMs));
  };
  try {
    for await (const news of followFleet(client)) {
      const isFirst = state === undefined;
      if (state !== undefined) state = applyNews(state, news, now());
      else if (news.kind === 'document') state = beginState(news.document, now());
      if (isFirst && state !== undefined) draw();
      clearTimeout(next);
      next = setTimeout(draw, Math.max(0, FRAME_MS - (now() - drawnAt)));
    }
  } finally {
    clearTimeout(next);
  }
  throw new Error('the fleet is followed until it is interrupted');
}

async function watchInLines(
  client: ApiClient,
  filter: RowFilter,
  format: OutputFormat,
  io: Io,
): Promise<never> {
  const { out, err, now } = io;
  const printed = new Map<string, string>();
  let state: FleetState | undefined;

  const print = async (row: FleetRow) => {
    const what = describeRow(row);
    if (printed.get(row.namespace) === what) return;
    printed.set(row.namespace, what);
    if (format !== 'table')
      return printRecord({ at: timestamp(now()), namespace: row.namespace, row }, format, out);
    out.write(`${timestamp(now())} ${row.namespace} ${what}\n`);
  };
  /** Deleted from the cluster, or no longer matched by the filter. */
  const reportLeft = async (namespace: string, isGone: boolean) => {
    if (!printed.delete(namespace)) return;
    if (format !== 'table')
      return printRecord({ at: timestamp(now()), namespace, gone: isGone }, format, out);
    out.write(`${timestamp(now())} ${namespace} ${isGone ? 'is gone' : 'no longer matches'}\n`);
  };

  for await (const news of followFleet(client)) {
    if (state === undefined) {
      if (news.kind !== 'document') continue;
      state = beginState(news.document, now());
      const rows = selectRows(state.rows.values(), filter);
      for (const row of rows) printed.set(row.namespace, describeRow(row));
      err.write(`skipper: watching ${describeCounts(rows)}\n`);
      for (const warning of describeWarnings(state.summary)) err.write(`skipper: ${oneLine(warning)}\n`);
      for (const namespace of filter.namespaces) {
        if (!state.rows.has(namespace)) err.write(`skipper: ${noNamespace(namespace)}\n`);
      }
      for (const mistake of unknownChannels(state.rows.values(), filter)) err.write(`skipper: ${mistake}\n`);
      continue;
    }
    const before = state;
    const { changed, gone } = changedRows(news, before.rows);
    state = applyNews(before, news, now());
    for (const line of describeConnection(before, state)) err.write(`skipper: ${line}\n`);
    for (const row of changed) {
      if (isSelected(row, filter)) await print(row);
      else await reportLeft(row.namespace, false);
    }
    for (const namespace of gone) await reportLeft(namespace, true);
  }
  throw new Error('the fleet is followed until it is interrupted');
}

function describeConnection(before: FleetState, after: FleetState): string[] {
  const known = describeWarnings(before.summary);
  return [
    ...describeLine(before.connection, after.connection),
    ...describeWarnings(after.summary)
      .filter((warning) => !known.includes(warning))
      .map(oneLine),
  ];
}

function describeLine(before: Connection, after: Connection): string[] {
  const wasLost = before.state === 'lost';
  if (after.state !== 'lost') return wasLost ? ['reconnected'] : [];
  return wasLost ? [] : [`connection lost, reconnecting: ${oneLine(after.reason)}`];
}

function unknownChannels(rows: Iterable<FleetRow>, { channel }: RowFilter): readonly string[] {
  const known = [...new Set([...rows].map((row) => row.channel))].filter((name) => name !== '').sort();
  const inUse = known.length === 0 ? 'no channels are in use' : `in use: ${known.join(', ')}`;
  return channel
    .filter((name) => !known.includes(name))
    .map((name) => oneLine(`no namespaces follow the channel "${name}"; ${inUse}`));
}

function noNamespace(namespace: string): string {
  return `"${oneLine(namespace)}" is not a FIAAS namespace: it has no ConfigMap named fiaas-deploy-daemon`;
}
