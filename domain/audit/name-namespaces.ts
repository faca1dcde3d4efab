import { type AuditEntry, NAMED_NAMESPACES } from './audit-entry.ts';

/** An entry about thousands of namespaces names the first and counts all. */
export function nameNamespaces(namespaces: readonly string[]): Pick<AuditEntry, 'namespaces' | 'count'> {
  return { namespaces: [...namespaces].sort().slice(0, NAMED_NAMESPACES), count: namespaces.length };
}
