import { AUDIT_KINDS, type AuditEntry } from './audit-entry.ts';

/** What an entry must be; left out: anything. */
export interface AuditFilter {
  /** Kinds, or what kinds begin with: `rollout` is every `rollout.*`. */
  readonly kinds?: readonly string[] | undefined;
  readonly by?: string | undefined;
  /** One that the entry names: entries about many namespaces name the first ones. */
  readonly namespace?: string | undefined;
  readonly rollout?: string | undefined;
  readonly outcome?: AuditEntry['outcome'] | undefined;
}

/** `rollout`, `heal`, …: what the names of kinds begin with. */
export const AUDIT_FAMILIES: readonly string[] = [...new Set(AUDIT_KINDS.map(familyOf))];

export function familyOf(kind: string): string {
  return kind.split('.')[0] ?? '';
}

export function isKnownKind(kind: string): boolean {
  return AUDIT_KINDS.some((known) => known === kind) || AUDIT_FAMILIES.includes(kind);
}

export function fitsFilter(entry: AuditEntry, filter: AuditFilter): boolean {
  const { kinds, by, namespace, rollout, outcome } = filter;
  return (
    (kinds === undefined || kinds.includes(entry.kind) || kinds.includes(familyOf(entry.kind))) &&
    (by === undefined || entry.by === by) &&
    (namespace === undefined || (entry.namespaces ?? []).includes(namespace)) &&
    (rollout === undefined || entry.rolloutId === rollout) &&
    (outcome === undefined || entry.outcome === outcome)
  );
}
