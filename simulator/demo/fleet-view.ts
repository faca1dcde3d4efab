import type { StatusRow } from '../../domain/fleet/status-row.ts';

/** What the live table shows of one moment. */
export interface FleetView {
  readonly elapsedMs: number;
  readonly namespaces: number;
  readonly byStatus: Counts;
  readonly byState: Counts;
  readonly byVersion: Counts;
  /** Deployments proved since the start of the demo. */
  readonly verified: number;
  readonly verifiedPerSecond: number;
  readonly running: readonly NamespaceLine[];
  readonly failed: readonly NamespaceLine[];
  /** What has happened outside: publications, processes that ended. */
  readonly note: string;
}

export type Counts = readonly (readonly [name: string, count: number])[];

export interface NamespaceLine {
  readonly namespace: string;
  readonly version: string;
  readonly phase: string;
  readonly reason: string;
}

const RATE_WINDOW_MS = 10_000;
const NOT_ASKED = 'nothing asked';

/** Remembers what has been verified, since a status only tells of the latest request. */
export interface FleetViewer {
  look(rows: readonly StatusRow[], causes: ReadonlyMap<string, string>, note: string): FleetView;
}

export function createFleetViewer(startedAt: number, now: () => number = Date.now): FleetViewer {
  const verifiedAt = new Map<string, number>();
  return {
    look: (rows, causes, note) => {
      const time = now();
      for (const row of rows) {
        if (row.state === 'completed' && !verifiedAt.has(requestKey(row))) {
          verifiedAt.set(requestKey(row), row.changedAt ?? time);
        }
      }
      return {
        elapsedMs: time - startedAt,
        namespaces: rows.length,
        byStatus: countBy(rows, (row) => row.status),
        byState: countBy(rows, (row) => row.state ?? NOT_ASKED),
        byVersion: countBy(rows, (row) => row.version || 'no FDD'),
        verified: verifiedAt.size,
        verifiedPerSecond: rateOf([...verifiedAt.values()], startedAt, time),
        running: rows.filter(isRunning).map(runningLine),
        failed: rows.filter((row) => row.state === 'failed').map((row) => failedLine(row, causes)),
        note,
      };
    },
  };
}

/** Names what was asked of a namespace: the key of its cause, too. */
export function requestKey({ namespace, rollout = '' }: Pick<StatusRow, 'namespace' | 'rollout'>): string {
  return `${namespace}@${rollout}`;
}

function isRunning({ state, phase }: StatusRow): boolean {
  return state === 'running' && phase !== 'queued';
}

function runningLine({ namespace, version, phase = '', reason = '' }: StatusRow): NamespaceLine {
  return { namespace, version, phase, reason };
}

function failedLine(row: StatusRow, causes: ReadonlyMap<string, string>): NamespaceLine {
  const reason = causes.get(requestKey(row)) ?? row.reason ?? '';
  return { namespace: row.namespace, version: row.version, phase: 'failed', reason };
}

function rateOf(times: readonly number[], startedAt: number, now: number): number {
  const windowMs = Math.min(RATE_WINDOW_MS, Math.max(1_000, now - startedAt));
  return times.filter((time) => time > now - windowMs).length / (windowMs / 1_000);
}

function countBy(rows: readonly StatusRow[], keyOf: (row: StatusRow) => string): Counts {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(keyOf(row), (counts.get(keyOf(row)) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}
