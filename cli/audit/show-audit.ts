import { setTimeout as pause } from 'node:timers/promises';
import type { ApiClient } from '../../client/api-client.ts';
import { ApiError } from '../../client/api-error.ts';
import type { AuditRequest } from '../../client/audit-requests.ts';
import type { AuditEntry } from '../../domain/audit/audit-entry.ts';
import type { StoredAuditEntry } from '../../domain/audit/audit-list.ts';
import { plural } from '../../domain/plural.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type ListFormat, type OutputFormat, printDocument, printRecord } from '../output-format.ts';
import type { Io } from '../terminal.ts';
import { printCsv } from '../text/csv.ts';
import { oneLine } from '../text/lines.ts';
import { painter, type Style } from '../text/paint.ts';
import { type Column, drawTable } from '../text/table.ts';
import { age, timestamp } from '../text/time.ts';

const POLL_MS = 2_000;
const AT_ONCE = 500;
/** How many namespaces a line names. */
const NAMED = 3;

const CSV_COLUMNS = [
  'id',
  'at',
  'kind',
  'outcome',
  'by',
  'from',
  'trigger',
  'rolloutId',
  'release',
  'channel',
  'rule',
  'count',
  'names',
  'reason',
  'cause',
] as const;

const OUTCOME_STYLES: Readonly<Record<AuditEntry['outcome'], Style | undefined>> = {
  ok: undefined,
  refused: 'yellow',
  failed: 'red',
};

/** One page of the audit log, newest first. */
export async function showAudit(
  client: ApiClient,
  { request, format }: { readonly request: AuditRequest; readonly format: ListFormat },
  { out, err, now }: Io,
): Promise<ExitCode> {
  const list = await client.audit(request);
  if (format === 'csv') printCsv(list.entries.map(toCsvRow), CSV_COLUMNS, out);
  else if (format !== 'table') await printDocument(list, format, out);
  else {
    const forPeople = out.isInteractive;
    const width = forPeople ? out.columns() - 1 : undefined;
    const columns = auditColumns(forPeople ? now() : undefined);
    for (const line of drawTable(columns, list.entries, { width, paint: painter(out) }))
      out.write(`${line}\n`);
  }
  if (list.entries.length === 0) err.write('skipper: no entries match\n');
  if (list.next !== undefined && format !== 'json' && format !== 'yaml')
    err.write(`skipper: older entries: add --cursor ${list.next}\n`);
  return EXIT.ok;
}

export interface AuditFollowing {
  readonly request: AuditRequest;
  readonly format: OutputFormat;
  readonly everyMs?: number;
}

/** The latest entries, oldest first, then each new one. Ends only by a signal or an error. */
export async function followAudit(
  client: ApiClient,
  { request, format, everyMs = POLL_MS }: AuditFollowing,
  io: Io,
): Promise<never> {
  // Before the list: what is written in between is in the list.
  const [newest] = (await client.audit({ limit: 1 })).entries;
  const { entries } = await client.audit(request);
  let last = later(newest?.id, entries[0]?.id);
  await print(entries, format, io);
  for (;;) {
    await pause(everyMs);
    const news = await readAfter(client, request, last).catch((error: unknown) => retryLater(error, io));
    last = later(news[0]?.id, last);
    await print(news, format, io);
  }
}

/** Newest first; all of them, whatever --limit is. */
async function readAfter(
  client: ApiClient,
  request: AuditRequest,
  last: string | undefined,
): Promise<readonly StoredAuditEntry[]> {
  const since = last === undefined ? undefined : timestamp(Number(last.split('-')[0]));
  const news: StoredAuditEntry[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.audit({ ...request, since, limit: AT_ONCE, cursor });
    news.push(...page.entries.filter(({ id }) => last === undefined || isAfter(id, last)));
    cursor = page.next;
  } while (cursor !== undefined);
  return news;
}

function retryLater(error: unknown, { err }: Io): readonly StoredAuditEntry[] {
  if (!(error instanceof ApiError && error.isPassing)) throw error;
  err.write(`skipper: ${oneLine(error.message)}; retrying\n`);
  return [];
}

function later(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return isAfter(a, b) ? a : b;
}

/** Positions are `<milliseconds>-<number>`. */
function isAfter(a: string, b: string): boolean {
  const [[ms = 0, number = 0], [otherMs = 0, otherNumber = 0]] = [a, b].map((id) =>
    id.split('-').map(Number),
  ) as [number[], number[]];
  return ms > otherMs || (ms === otherMs && number > otherNumber);
}

async function print(entries: readonly StoredAuditEntry[], format: OutputFormat, { out }: Io): Promise<void> {
  const paint = painter(out);
  for (const entry of [...entries].reverse()) {
    if (format !== 'table') await printRecord(entry, format, out);
    else out.write(`${paint(oneLine(describe(entry)), OUTCOME_STYLES[entry.outcome])}\n`);
  }
}

/** `2026-11-29T08:00:00.000Z rollout.paused by skipper (release): r1, team-a: why` */
function describe(entry: StoredAuditEntry): string {
  const outcome = entry.outcome === 'ok' ? '' : ` (${entry.outcome})`;
  const parts = [`${entry.kind}${outcome} by ${whoOf(entry)}`, aboutOf(entry), entry.reason];
  return `${timestamp(entry.at)} ${parts.filter(Boolean).join(': ')}`;
}

function auditColumns(now: number | undefined): readonly Column<StoredAuditEntry>[] {
  return [
    {
      heading: now === undefined ? 'TIME' : 'AGE',
      cell: ({ at }) => (now === undefined ? timestamp(at) : age(now - at)),
    },
    { heading: 'WHAT', cell: ({ kind }) => kind },
    {
      heading: 'OUTCOME',
      cell: ({ outcome }) => ({ text: outcome, style: OUTCOME_STYLES[outcome] }),
      dispensable: 3,
    },
    { heading: 'BY', cell: whoOf, dispensable: 2 },
    { heading: 'ABOUT', cell: aboutOf, dispensable: 1 },
    { heading: 'WHY', cell: ({ reason }) => reason },
  ];
}

/** Who, from where, and with what; the address is the name of who is known by nothing else. */
function whoOf({ by, from, trigger }: AuditEntry): string {
  const where = from === undefined || from === by ? '' : from;
  const how = [where, trigger].filter(Boolean).join(', ');
  return how === '' ? by : `${by} (${how})`;
}

/** What it is about: its rollout, its release if it has no rollout, and its namespaces. */
function aboutOf({
  rolloutId,
  release,
  channel,
  namespaces = [],
  count = namespaces.length,
}: AuditEntry): string {
  const shown = namespaces.slice(0, NAMED);
  const more = count - shown.length;
  const rest = shown.length === 0 ? plural(more, 'namespace') : ` and ${more} more`;
  const names = `${shown.join(', ')}${more > 0 ? rest : ''}`;
  const subject = rolloutId ?? [channel, release].filter(Boolean).join(' ');
  return [subject, names].filter(Boolean).join(', ');
}

function toCsvRow({ namespaces = [], ...entry }: StoredAuditEntry) {
  return { ...entry, names: namespaces.join(' ') };
}
