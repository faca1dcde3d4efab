import type { ChainableCommander } from 'ioredis';
import { AuditEntry } from '../../domain/audit/audit-entry.ts';
import type { StoredAuditEntry } from '../../domain/audit/audit-list.ts';
import { jsonText } from '../json-text.ts';
import { luaJson } from './lua-json.ts';
import type { StateConnection } from './state-connection.ts';
import { valuesOf } from './values-of.ts';

export interface AuditPage {
  readonly entries: readonly StoredAuditEntry[];
  /** Where the next page begins; undefined after the last one. */
  readonly next: string | undefined;
}

/**
 * The audit log: a Redis stream, which is also the outbox of notifications. Scripts append to it in the same write as what they
 * change (lua/includes/audit.lua); everything else appends with `audit`.
 */
export interface AuditLog {
  audit(entries: readonly AuditEntry[]): Promise<void>;
  /** Entries after a position, oldest first. */
  auditAfter(id: string, limit: number): Promise<readonly StoredAuditEntry[]>;
  /** Entries before a position (exclusive), newest first; without one, from the newest. */
  auditBefore(id: string | undefined, limit: number): Promise<AuditPage>;
  /** Removes what is older; returns how many entries. */
  trimAudit(olderThan: number): Promise<number>;
}

/** As in audit.lua. */
const MAX_ENTRIES = 100_000;

export function openAuditLog({ redis, prefix, guarded }: StateConnection): AuditLog {
  const key = `${prefix}:audit`;
  return {
    audit: async (entries) => {
      if (entries.length === 0) return;
      await guarded(async () => {
        const pipeline = redis.pipeline();
        appendAudit(pipeline, prefix, entries);
        valuesOf(await pipeline.exec());
      });
    },
    auditAfter: async (id, limit) =>
      decodeAudit(await guarded(() => redis.xrange(key, `(${id}`, '+', 'COUNT', limit))),
    auditBefore: async (id, limit) => {
      const end = id === undefined ? '+' : `(${id}`;
      const rows = await guarded(() => redis.xrevrange(key, end, '-', 'COUNT', limit));
      return { entries: decodeAudit(rows), next: rows.length < limit ? undefined : rows.at(-1)?.[0] };
    },
    trimAudit: (olderThan) => guarded(() => redis.xtrim(key, 'MINID', '~', String(olderThan))),
  };
}

/** Adds entries to a pipeline or a transaction, so that they are written with what they are about. */
export function appendAudit(
  pipeline: ChainableCommander,
  prefix: string,
  entries: readonly AuditEntry[],
): void {
  for (const entry of entries)
    pipeline.xadd(`${prefix}:audit`, 'MAXLEN', '~', MAX_ENTRIES, '*', 'e', luaJson(entry));
}

const Stored = jsonText(AuditEntry);

/** An entry that an incompatible version has written is left out. */
export function decodeAudit(rows: readonly (readonly [string, readonly string[]])[]): StoredAuditEntry[] {
  return rows.flatMap(([id, fields]) => {
    const entry = Stored.safeParse(fields[1]);
    return entry.success ? [{ id, ...entry.data }] : [];
  });
}
