import type { AuditEntry } from '../../domain/audit/audit-entry.ts';
import type { ChannelVersions } from '../../domain/audit/release-entries.ts';
import { appendAudit } from './audit-log.ts';
import type { StateConnection } from './state-connection.ts';
import { valuesOf } from './values-of.ts';

/** More are not in use: beyond this, those that are not are forgotten. */
const MAX_CHANNELS = 1_000;

/** The version that each channel had when the audit log last noted it. */
export interface FoundReleases {
  foundReleases(): Promise<ChannelVersions>;
  /** In one write with the entries, so that each find is noted once. */
  saveFoundReleases(versions: ChannelVersions, entries: readonly AuditEntry[]): Promise<void>;
}

export function openFoundReleases({ redis, prefix, guarded }: StateConnection): FoundReleases {
  const key = `${prefix}:found-releases`;
  return {
    foundReleases: async () => new Map(Object.entries(await guarded(() => redis.hgetall(key)))),
    saveFoundReleases: async (versions, entries) => {
      const transaction = redis.multi();
      if (versions.size > MAX_CHANNELS) transaction.del(key);
      transaction.hset(key, Object.fromEntries(versions));
      appendAudit(transaction, prefix, entries);
      await guarded(async () => valuesOf(await transaction.exec()));
    },
  };
}
