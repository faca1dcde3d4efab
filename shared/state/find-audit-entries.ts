import { type AuditFilter, fitsFilter } from '../../domain/audit/audit-filter.ts';
import type { StoredAuditEntry } from '../../domain/audit/audit-list.ts';
import type { AuditLog } from './audit-log.ts';

/** What is looked for, and where. */
export interface AuditQuery extends AuditFilter {
  /** Milliseconds since the epoch: written then or later. */
  readonly since?: number | undefined;
  /** Written before. */
  readonly until?: number | undefined;
  /** Entries before this position only. */
  readonly cursor?: string | undefined;
}

/** This many are read at once. */
const BATCH = 1_000;
/** So many are read for one page: with a filter that few fit, a page can be short although more follow. */
const MAX_READ = 20_000;

/** A page of the entries that fit, newest first, and where the next one begins. */
export async function findAuditEntries(
  log: Pick<AuditLog, 'auditBefore'>,
  query: AuditQuery & { readonly limit: number },
): Promise<{ readonly entries: readonly StoredAuditEntry[]; readonly next?: string | undefined }> {
  const entries: StoredAuditEntry[] = [];
  let read = 0;
  let last: string | undefined;
  for await (const entry of entriesBefore(log, query)) {
    if (entries.length === query.limit || read === MAX_READ) return { entries, next: last };
    read += 1;
    last = entry.id;
    if (fitsFilter(entry, query)) entries.push(entry);
  }
  return { entries };
}

/** All entries that fit, newest first. */
export async function* allAuditEntries(
  log: Pick<AuditLog, 'auditBefore'>,
  query: AuditQuery,
): AsyncGenerator<StoredAuditEntry> {
  for await (const entry of entriesBefore(log, query)) if (fitsFilter(entry, query)) yield entry;
}

async function* entriesBefore(
  log: Pick<AuditLog, 'auditBefore'>,
  { since = 0, until, cursor }: AuditQuery,
): AsyncGenerator<StoredAuditEntry> {
  let before = earlier(cursor, until === undefined ? undefined : `${until}-0`);
  for (;;) {
    const { entries, next } = await log.auditBefore(before, BATCH);
    for (const entry of entries) {
      if (writtenAt(entry.id) < since) return;
      yield entry;
    }
    if (next === undefined) return;
    before = next;
  }
}

function earlier(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return writtenAt(a) < writtenAt(b) ? a : b;
}

function writtenAt(id: string): number {
  return Number(id.split('-')[0]);
}
