import { setTimeout as pause } from 'node:timers/promises';
import type { ApiClient } from '../../client/api-client.ts';
import type { ChannelSummary, ReleaseList } from '../../domain/fleet/fleet-summary.ts';
import { describeAutoUpdate, type ReleaseCheckSchedule } from '../../domain/fleet/release-check-schedule.ts';
import { CliError, EXIT, type ExitCode } from '../exit-code.ts';
import { type ListFormat, printDocument } from '../output-format.ts';
import type { Io } from '../terminal.ts';
import { printCsv } from '../text/csv.ts';
import { painter } from '../text/paint.ts';
import { type Column, drawTable } from '../text/table.ts';
import { age, timestamp } from '../text/time.ts';

const CSV_COLUMNS = ['channel', 'version', 'namespaces', 'updated', 'checkedAt', 'image', 'problem'] as const;
const CHECK_TIMEOUT_MS = 30_000;
const CHECK_INTERVAL_MS = 250;
const PROBLEM_PATIENCE_MS = 5_000;

export async function showReleases(
  client: ApiClient,
  { format, check }: { readonly format: ListFormat; readonly check: boolean },
  { out, err, now }: Io,
): Promise<ExitCode> {
  const answer = check ? await checkNow(client, now) : await client.releases();
  if (format === 'csv') {
    printCsv(answer.channels, CSV_COLUMNS, out);
    return EXIT.ok;
  }
  if (format !== 'table') {
    await printDocument(answer, format, out);
    return EXIT.ok;
  }
  const forPeople = out.isInteractive;
  const width = forPeople ? out.columns() - 1 : undefined;
  const columns = releaseColumns({ now: now(), forPeople });
  for (const line of drawTable(columns, answer.channels, { width, paint: painter(out) }))
    out.write(`${line}\n`);
  // In a pipe, standard output must contain only rows.
  (forPeople ? out : err).write(`${describeSchedule(answer.releaseCheck, { now: now(), forPeople })}\n`);
  return EXIT.ok;
}

/** `Auto-update is on; channels are checked every 60 s, the next time in 12s` */
export function describeSchedule(
  schedule: ReleaseCheckSchedule | undefined,
  { now, forPeople }: { readonly now: number; readonly forPeople: boolean },
): string {
  const words = describeAutoUpdate(schedule);
  if (schedule === undefined) return words;
  const { nextAt } = schedule;
  if (!forPeople) return `${words}, the next time at ${timestamp(nextAt)}`;
  return nextAt >= now
    ? `${words}, the next time in ${age(nextAt - now)}`
    : `${words}; the next check is due since ${age(now - nextAt)}`;
}

export function releaseColumns({
  now,
  forPeople,
}: {
  readonly now: number;
  readonly forPeople: boolean;
}): readonly Column<ChannelSummary>[] {
  return [
    { heading: 'CHANNEL', cell: ({ channel }) => channel },
    { heading: 'VERSION', cell: ({ version }) => version },
    { heading: 'NAMESPACES', cell: ({ namespaces }) => String(namespaces), dispensable: 2 },
    { heading: 'PUBLISHED', cell: ({ updated }) => updated ?? '', dispensable: 1 },
    {
      heading: 'CHECKED',
      cell: ({ checkedAt }) => {
        if (checkedAt === undefined) return 'never';
        return forPeople ? `${age(now - checkedAt)} ago` : timestamp(checkedAt);
      },
    },
    {
      heading: 'PROBLEM',
      cell: ({ problem }) => ({ text: problem ?? '', style: problem === undefined ? undefined : 'red' }),
    },
  ];
}

/** A worker does the check: it is finished when the channels show a new check time. */
async function checkNow(client: ApiClient, now: () => number): Promise<ReleaseList> {
  const before = await client.releases();
  await client.checkReleases();
  const begunAt = now();
  for (;;) {
    const after = await client.releases();
    if (isChecked(before.channels, after.channels, now() - begunAt)) return after;
    if (now() - begunAt > CHECK_TIMEOUT_MS) {
      throw new CliError(EXIT.timeout, 'the channels were not checked: is a worker running?');
    }
    await pause(CHECK_INTERVAL_MS);
  }
}

/** A channel with a problem keeps the time of its last successful check: if all have one, wait a fixed time. */
export function isChecked(
  before: readonly ChannelSummary[],
  after: readonly ChannelSummary[],
  elapsedMs: number,
): boolean {
  const checkedBefore = new Map(before.map(({ channel, checkedAt }) => [channel, checkedAt ?? 0]));
  const isNewer = ({ channel, checkedAt = 0 }: ChannelSummary) =>
    checkedAt > (checkedBefore.get(channel) ?? 0);
  const hasProblem = ({ problem }: ChannelSummary) => problem !== undefined;
  if (after.every(hasProblem)) return after.length === 0 || elapsedMs > PROBLEM_PATIENCE_MS;
  return after.every((channel) => isNewer(channel) || hasProblem(channel));
}
