import type { AuditEntry } from '../domain/audit/audit-entry.ts';

/** Which entries of the audit log to read. Undefined matches every one. */
export interface AuditRequest {
  /** Kinds, or what kinds begin with, separated by commas. */
  readonly kind?: string | undefined;
  readonly by?: string | undefined;
  readonly namespace?: string | undefined;
  readonly rollout?: string | undefined;
  readonly outcome?: AuditEntry['outcome'] | undefined;
  /** An age such as `2h`, or a time. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly limit?: number | undefined;
  /** `next` of the page before. */
  readonly cursor?: string | undefined;
}
