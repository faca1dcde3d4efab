import type { Counts, FleetView, NamespaceLine } from './fleet-view.ts';

/** One line of the table, and what it is about. */
export interface Drawn {
  readonly text: string;
  readonly kind: 'title' | 'plain' | 'heading' | 'running' | 'failed';
}

const MAX_NAMESPACE_ROWS = 20;
const NAMESPACE_COLUMN = 10;
const PHASE_COLUMN = 29;
const VERSION_COLUMN = 23;
/** Below this many columns the version would leave no room for the reason. */
const WIDE = 140;

/** The live table as lines of at most `columns` characters, and at most `rows` of them. */
export function drawFleet(view: FleetView, columns: number, rows: number): readonly Drawn[] {
  const head: readonly Drawn[] = [
    { kind: 'title', text: title(view) },
    { kind: 'plain', text: `status    ${counts(view.byStatus)}` },
    { kind: 'plain', text: `requests  ${counts(view.byState)}` },
    { kind: 'plain', text: `versions  ${counts(view.byVersion)}` },
    ...(view.note === '' ? [] : [{ kind: 'plain', text: view.note } as const]),
  ];
  const room = Math.max(0, Math.min(MAX_NAMESPACE_ROWS, rows - head.length - 4));
  return [...head, ...namespaceRows(view, columns, room)].map(({ kind, text }) => ({
    kind,
    text: truncate(text, columns),
  }));
}

/** The numbers alone, on one line: where nothing can be redrawn. */
export function describeFleet(view: FleetView): string {
  return `${counts(view.byState)} | ${counts(view.byStatus)} | ${counts(view.byVersion)}`;
}

export function title({ elapsedMs, namespaces, verified, verifiedPerSecond }: FleetView): string {
  return `${seconds(elapsedMs)}  ${namespaces} namespaces, ${verified} deployments verified (${verifiedPerSecond.toFixed(1)}/s)`;
}

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** Failures first: they stay; each of the two lists may use the room that the other leaves. */
function namespaceRows({ running, failed }: FleetView, columns: number, room: number): readonly Drawn[] {
  const half = Math.ceil(room / 2);
  const failedRoom = Math.min(failed.length, Math.max(half, room - running.length));
  return [
    ...section('failed', failed, failedRoom, columns),
    ...section('running', running, Math.max(0, room - failedRoom), columns),
  ];
}

function section(
  kind: 'running' | 'failed',
  lines: readonly NamespaceLine[],
  room: number,
  columns: number,
): readonly Drawn[] {
  if (lines.length === 0 || room === 0) return [];
  const more = lines.length > room ? `, the first ${room}` : '';
  const heading = `${kind} (${lines.length}${more})`;
  return [
    { kind: 'heading', text: heading },
    ...lines.slice(0, room).map((line) => ({ kind, text: row(line, columns) })),
  ];
}

function row({ namespace, version, phase, reason }: NamespaceLine, columns: number): string {
  const shownPhase = phase === 'failed' ? '' : phase.padEnd(PHASE_COLUMN);
  const shownVersion = columns < WIDE ? '' : version.padEnd(VERSION_COLUMN);
  return `  ${namespace.padEnd(NAMESPACE_COLUMN)}${shownVersion} ${shownPhase} ${reason}`.trimEnd();
}

function counts(named: Counts): string {
  return named.map(([name, count]) => `${name} ${count}`).join(', ');
}

function truncate(text: string, columns: number): string {
  const line = text.replace(/\p{Cc}+/gu, ' ');
  return line.length <= columns ? line : `${line.slice(0, Math.max(0, columns - 1))}…`;
}
