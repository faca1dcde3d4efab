import type { JobCounts, JobStatus, QueueJobJson } from '@bull-board/api/typings/app';
import type { FleetRow } from '../../domain/fleet/fleet-row.ts';
import { linkTo } from './links.ts';

/** The states of the fleet queue in the order of "Latest": those that need attention first. */
export const FLEET_STATES = [
  'failed',
  'active',
  'delayed',
  'waiting',
  'paused',
  'completed',
] as const satisfies readonly JobStatus[];
export type FleetState = (typeof FLEET_STATES)[number];

export const FLEET_DESCRIPTION = [
  'One entry per namespace, with its current state.',
  'Failed: FDD is not working, or the latest deploy failed, even while it is retried.',
  'Active: a deploy is in progress.',
  'Waiting: a deploy is queued.',
  'Delayed: outdated, its target is unknown, or waiting because the API server limits requests; Promote deploys it now.',
  'Paused: not managed by Skipper.',
  'Completed: working and up to date.',
  "Retry, Add and Promote deploy the channel's current release; the link opens the namespace on the fleet page.",
].join(' ');

/** The board shows a job's name next to its id and its link: a longer name would push them out of view. */
const HEADLINE_LENGTH = 60;

/** The state of a namespace in the board's terms. */
export function fleetStateOf({ health, activity }: Pick<FleetRow, 'health' | 'activity'>): FleetState {
  switch (health) {
    case 'healthy':
      return 'completed';
    case 'degraded':
      return 'failed';
    case 'unmanaged':
      return 'paused';
    case 'outdated':
    case 'unknown':
      return 'delayed';
    case 'progressing':
      if (activity === 'queued') return 'waiting';
      return activity === 'retrying' ? 'delayed' : 'active';
  }
}

export function countFleetStates(rows: readonly FleetRow[]): JobCounts {
  const counts: JobCounts = Object.fromEntries(FLEET_STATES.map((state) => [state, 0]));
  for (const row of rows) {
    const state = fleetStateOf(row);
    counts[state] = (counts[state] ?? 0) + 1;
  }
  return counts;
}

/** The rows from `start` to `end` (both included, as queues count) of each requested state. */
export function pageOf(
  rows: readonly FleetRow[],
  states: readonly string[],
  start: number,
  end: number,
): FleetRow[] {
  const pages = new Map(states.map((state) => [state, { seen: 0, rows: [] as FleetRow[] }]));
  for (const row of rows) {
    const page = pages.get(fleetStateOf(row));
    if (!page) continue;
    if (page.seen >= start && page.seen <= end) page.rows.push(row);
    page.seen += 1;
  }
  return [...pages.values()].flatMap((page) => page.rows);
}

/** A row as a job of the board; `seenAt` is used if the start of its state is unknown. */
export function toFleetJob(row: FleetRow, seenAt: number): QueueJobJson {
  const state = fleetStateOf(row);
  return {
    id: row.namespace,
    name: headlineOf(row),
    data: dataOf(row),
    progress: progressOf(row),
    attemptsMade: row.attempt,
    timestamp: row.since ?? seenAt,
    failedReason: state === 'failed' ? row.cause || row.status : '',
    stacktrace: null,
    returnvalue: null,
    opts: {},
  };
}

/** One line with what status, channel and version do not show. */
export function headlineOf(row: FleetRow): string {
  const { health, status, cause, wanted } = row;
  switch (health) {
    case 'healthy':
      return 'up to date';
    case 'progressing':
      return beginningOf(progressOf(row));
    case 'outdated':
      return wanted === '' ? cause || status : `should run ${wanted}`;
    case 'degraded':
      return beginningOf(cause) || status;
    case 'unknown':
      return beginningOf(cause);
    case 'unmanaged':
      return beginningOf(cause) || 'not managed by Skipper';
  }
}

/** The state and its reasons, line by line. */
export function explain(row: FleetRow): string[] {
  const { since, attempt, retryAt, rollout, jobId } = row;
  const runs = row.version === '' ? 'not deployed' : `runs ${row.version}`;
  const wanted = row.wanted === '' || row.wanted === row.version ? '' : `, should run ${row.wanted}`;
  return [
    `${row.status}: ${runs}${wanted}`,
    row.channel === '' ? '' : `channel ${row.channel}`,
    since === undefined ? '' : `since ${timeOf(since)}`,
    row.activity === 'idle' ? '' : progressOf(row),
    ...(row.cause === '' ? [] : row.cause.split('\n')),
    attempt > 1 ? `attempt ${attempt}` : '',
    retryAt === undefined ? '' : `next attempt at ${timeOf(retryAt)}`,
    rollout === undefined ? '' : `latest rollout ${rollout}: ${linkTo(`/api/rollouts/${rollout}`)}`,
    jobId === undefined ? '' : `latest job ${jobId} in the queue "deploy"`,
  ].filter((line) => line !== '');
}

/** The known fields, without empty ones. */
function dataOf(row: FleetRow): Record<string, unknown> {
  const { namespace, status, health, channel, version, wanted, activity, detail, cause } = row;
  const { code, attempt, retryAt, since, rollout, jobId } = row;
  const known = {
    namespace,
    status,
    health,
    channel,
    version,
    wanted,
    activity,
    detail,
    cause,
    code,
    attempt: attempt === 0 ? undefined : attempt,
    since: since && timeOf(since),
    retryAt: retryAt && timeOf(retryAt),
    rollout,
    jobId,
  };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined && value !== ''));
}

function progressOf({ activity, detail }: FleetRow): string {
  return detail === '' ? activity : `${activity}: ${detail}`;
}

function beginningOf(text: string): string {
  const [line = ''] = text.split('\n', 1);
  return line.length <= HEADLINE_LENGTH ? line : `${line.slice(0, HEADLINE_LENGTH - 1)}…`;
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
