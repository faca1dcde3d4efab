import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { StoredAuditEntry } from '../domain/audit/audit-list.ts';
import { messageOf } from '../domain/errors.ts';
import { hideSecrets } from '../domain/hide-secrets.ts';
import type { AuditReaders } from '../shared/state/audit-readers.ts';

const EVERY_MS = 1_000;
const AT_ONCE = 200;

export interface PrintOptions {
  readonly state: AuditReaders;
  readonly print: (line: string) => void;
  readonly log: Logger;
  readonly everyMs?: number;
  /** Of this process; no other one has it. */
  readonly name?: string;
}

/**
 * Prints the audit log as JSON lines. The workers share it: each entry is printed by one of them, and confirmed afterwards. If
 * a worker dies in between, another one prints it again.
 */
export function printAudit({
  state,
  print,
  log,
  everyMs = EVERY_MS,
  name = `${hostname()}-${process.pid}`,
}: PrintOptions): { stop(): Promise<void> } {
  const reader = state.readAudit('stdout', name);
  let printing: Promise<void> | undefined;

  async function printNew(): Promise<void> {
    for (;;) {
      const entries = await reader.take(AT_ONCE);
      for (const entry of entries) print(toLine(entry));
      await reader.done(entries);
      if (entries.length < AT_ONCE) return;
    }
  }

  const timer = setInterval(() => {
    printing ??= printNew()
      .catch((error: unknown) => log.debug({ reason: messageOf(error) }, 'the audit log cannot be read'))
      .finally(() => {
        printing = undefined;
      });
  }, everyMs);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await printing;
      await reader.leave().catch(() => undefined);
    },
  };
}

/** With the field names of the other lines. */
function toLine({ at, ...entry }: StoredAuditEntry): string {
  const message = `${entry.kind} by ${entry.by}${entry.reason && `: ${entry.reason}`}`;
  const line = { level: 'INFO', '@timestamp': new Date(at).toISOString(), logger: 'audit', message };
  return `${hideSecrets(JSON.stringify({ ...line, audit: { at, ...entry } }))}\n`;
}
