import type { StoredAuditEntry } from '../../domain/audit/audit-list.ts';
import { messageOf } from '../../domain/errors.ts';
import { decodeAudit } from './audit-log.ts';
import type { StateConnection } from './state-connection.ts';

/** A reader that has not confirmed an entry for this long has died: another one gets it. */
const DEAD_MS = 60_000;

/** Several processes share the audit log: each entry goes to one of them, and to another one if that dies before it is done. */
export interface AuditReader {
  /** The next entries, oldest first; at first all that are stored. */
  take(limit: number): Promise<readonly StoredAuditEntry[]>;
  /** These entries need not be given to anybody again. */
  done(entries: readonly StoredAuditEntry[]): Promise<void>;
  /** Forgets this reader; what it has not confirmed stays with it until it counts as dead. */
  leave(): Promise<void>;
}

/** Reads the audit log for a purpose (`group`), under the name of this process. */
export interface AuditReaders {
  readAudit(group: string, name: string): AuditReader;
}

type Row = readonly [id: string, fields: readonly string[] | null];

export function openAuditReaders({ redis, prefix, guarded }: StateConnection): AuditReaders {
  const key = `${prefix}:audit`;
  return {
    readAudit: (group, name) => {
      let claimedAt = Number.NEGATIVE_INFINITY;
      const claim = async (limit: number): Promise<readonly Row[]> => {
        if (Date.now() - claimedAt < DEAD_MS / 2) return [];
        const [, left] = (await redis.xautoclaim(key, group, name, DEAD_MS, '0-0', 'COUNT', limit)) as [
          string,
          Row[],
        ];
        if (left.length === 0) claimedAt = Date.now();
        return left;
      };
      const read = async (limit: number): Promise<readonly Row[]> => {
        const left = await claim(limit);
        if (left.length > 0) return left;
        const streams = (await redis.xreadgroup('GROUP', group, name, 'COUNT', limit, 'STREAMS', key, '>')) as
          | readonly [string, readonly Row[]][]
          | null;
        return streams?.[0]?.[1] ?? [];
      };
      const confirm = async (ids: readonly string[]) => {
        if (ids.length > 0) await guarded(() => redis.xack(key, group, ...ids));
      };
      return {
        take: async (limit) => {
          const rows = await guarded(() => read(limit).catch((error) => begin(error, group)));
          const entries = decodeAudit(rows.flatMap(([id, fields]) => (fields ? [[id, fields]] : [])));
          const known = new Set(entries.map(({ id }) => id));
          // Nobody can do anything with what cannot be read.
          await confirm(rows.flatMap(([id]) => (known.has(id) ? [] : [id])));
          return entries;
        },
        done: (entries) => confirm(entries.map(({ id }) => id)),
        leave: async () => {
          const pending = await guarded(() => redis.xpending(key, group, '-', '+', 1, name));
          if (pending.length === 0) await guarded(() => redis.xgroup('DELCONSUMER', key, group, name));
        },
      };
    },
  };

  /** The first reader of a group creates it, also after Redis has lost its data. */
  async function begin(error: unknown, group: string): Promise<readonly Row[]> {
    if (!messageOf(error).startsWith('NOGROUP')) throw error;
    await redis.xgroup('CREATE', key, group, '0', 'MKSTREAM').catch((refused: unknown) => {
      if (!messageOf(refused).startsWith('BUSYGROUP')) throw refused;
    });
    return [];
  }
}
