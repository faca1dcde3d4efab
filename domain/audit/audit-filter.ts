import { AUDIT_KINDS, type AuditEntry } from './audit-entry.ts';
import { isAboutWholeRollout } from './name-namespaces.ts';

/** What an entry must be; left out: anything. */
export interface AuditFilter {
  /** Kinds, or what kinds begin with: `rollout` is every `rollout.*`. */
  readonly kinds?: readonly string[] | undefined;
  readonly by?: string | undefined;
  /** One that the entry names, or that its rollout has. */
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

/** With the ids of rollouts that have the namespace of the filter. */
export function fitsFilter(
  entry: AuditEntry,
  filter: AuditFilter,
  rollouts: ReadonlySet<string> = new Set(),
): boolean {
  const { kinds, by, namespace, rollout, outcome } = filter;
  return (
    (kinds === undefined || kinds.includes(entry.kind) || kinds.includes(familyOf(entry.kind))) &&
    (by === undefined || entry.by === by) &&
    (namespace === undefined || isAbout(entry, namespace, rollouts)) &&
    (rollout === undefined || entry.rolloutId === rollout) &&
    (outcome === undefined || entry.outcome === outcome)
  );
}

function isAbout(
  { kind, namespaces = [], rolloutId }: AuditEntry,
  namespace: string,
  rollouts: ReadonlySet<string>,
): boolean {
  if (namespaces.includes(namespace)) return true;
  return rolloutId !== undefined && isAboutWholeRollout(kind) && rollouts.has(rolloutId);
}
