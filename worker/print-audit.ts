import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { StoredAuditEntry } from '../domain/audit/audit-list.ts';
import { hideSecrets } from '../domain/hide-secrets.ts';
import type { AuditReaders } from '../shared/state/audit-readers.ts';
import { followAudit } from './follow-audit.ts';

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
  everyMs,
  name = `${hostname()}-${process.pid}`,
}: PrintOptions): { stop(): Promise<void> } {
  const onEntries = (entries: readonly StoredAuditEntry[]) => {
    for (const entry of entries) print(toLine(entry));
  };
  return followAudit({ reader: state.readAudit('stdout', name), onEntries, log, everyMs });
}

/** With the field names of the other lines. */
function toLine({ at, ...entry }: StoredAuditEntry): string {
  const message = `${entry.kind} by ${entry.by}${entry.reason && `: ${entry.reason}`}`;
  const line = { level: 'INFO', '@timestamp': new Date(at).toISOString(), logger: 'audit', message };
  return `${hideSecrets(JSON.stringify({ ...line, audit: { at, ...entry } }))}\n`;
}
