import type { Logger } from 'pino';
import type { StoredAuditEntry } from '../domain/audit/audit-list.ts';
import { messageOf } from '../domain/errors.ts';
import type { AuditReader } from '../shared/state/audit-readers.ts';

const EVERY_MS = 1_000;
const AT_ONCE = 200;

export interface FollowOptions {
  readonly reader: AuditReader;
  /** Entries that no worker has confirmed yet, oldest first; they are confirmed when it returns. */
  readonly onEntries: (entries: readonly StoredAuditEntry[]) => void;
  readonly log: Logger;
  readonly everyMs?: number | undefined;
}

/** Gives each new entry of the audit log to one of the workers. If it dies before it confirms, another one gets it again. */
export function followAudit({ reader, onEntries, log, everyMs = EVERY_MS }: FollowOptions): {
  stop(): Promise<void>;
} {
  let reading: Promise<void> | undefined;

  async function readNew(): Promise<void> {
    for (;;) {
      const entries = await reader.take(AT_ONCE);
      onEntries(entries);
      await reader.done(entries);
      if (entries.length < AT_ONCE) return;
    }
  }

  const timer = setInterval(() => {
    reading ??= readNew()
      .catch((error: unknown) => log.debug({ reason: messageOf(error) }, 'the audit log cannot be read'))
      .finally(() => {
        reading = undefined;
      });
  }, everyMs);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await reading;
      await reader.leave().catch(() => undefined);
    },
  };
}
