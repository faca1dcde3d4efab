import { type AuditFilter, fitsFilter } from '../../domain/audit/audit-filter.ts';
import type { StoredAuditEntry } from '../../domain/audit/audit-list.ts';
import type { AuditLog } from './audit-log.ts';
import type { Rollouts } from './rollouts.ts';

/** What is looked for, and where. */
export interface AuditQuery extends AuditFilter {
  /** Milliseconds since the epoch: written then or later. */
  readonly since?: number | undefined;
  /** Written before. */
  readonly until?: number | undefined;
  /** Entries before this position only. */
  readonly cursor?: string | undefined;
}

/** The log, and the rollouts that its entries are about. */
export type SearchedLog = Pick<AuditLog, 'auditBefore'> & Pick<Rollouts, 'rolloutsOf'>;

/** This many are read at once. */
const BATCH = 1_000;
/** So many are read for one page: with a filter that few fit, a page can be short although more follow. */
const MAX_READ = 20_000;

/** A page of the entries that fit, newest first, and where the next one begins. */
export async function findAuditEntries(
  log: SearchedLog,
  query: AuditQuery & { readonly limit: number },
): Promise<{ readonly entries: readonly StoredAuditEntry[]; readonly next?: string | undefined }> {
  const entries: StoredAuditEntry[] = [];
  let read = 0;
  let last: string | undefined;
  for await (const { entry, fits } of searchBefore(log, query)) {
    if (entries.length === query.limit || read === MAX_READ) return { entries, next: last };
    read += 1;
    last = entry.id;
    if (fits) entries.push(entry);
  }
  return { entries };
}

/** All entries that fit, newest first; throws when the signal is aborted. */
export async function* allAuditEntries(
  log: SearchedLog,
  query: AuditQuery,
  signal?: AbortSignal,
): AsyncGenerator<StoredAuditEntry> {
  for await (const { entry, fits } of searchBefore(log, query)) {
    signal?.throwIfAborted();
    if (fits) yield entry;
  }
}

async function* searchBefore(
  log: SearchedLog,
  { since = 0, until, cursor, ...filter }: AuditQuery,
): AsyncGenerator<{ readonly entry: StoredAuditEntry; readonly fits: boolean }> {
  let before = earlier(cursor, until === undefined ? undefined : `${until}-0`);
  for (;;) {
    const { entries, next } = await log.auditBefore(before, BATCH);
    const rollouts = await rolloutsOf(log, entries, filter);
    for (const entry of entries) {
      if (writtenAt(entry.id) < since) return;
      yield { entry, fits: fitsFilter(entry, filter, rollouts) };
    }
    if (next === undefined) return;
    before = next;
  }
}

/** The rollouts in these entries that have the namespace: an entry does not name all namespaces of its rollout. */
async function rolloutsOf(
  log: SearchedLog,
  entries: readonly StoredAuditEntry[],
  { namespace }: AuditFilter,
): Promise<ReadonlySet<string>> {
  if (namespace === undefined) return new Set();
  const ids = entries.flatMap(({ rolloutId }) => rolloutId ?? []);
  return log.rolloutsOf(namespace, [...new Set(ids)]);
}

function earlier(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return writtenAt(a) < writtenAt(b) ? a : b;
}

function writtenAt(id: string): number {
  return Number(id.split('-')[0]);
}
