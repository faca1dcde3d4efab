import { type AuditEntry, type AuditKind, NAMED_NAMESPACES } from './audit-entry.ts';

type Named = Pick<AuditEntry, 'namespaces' | 'count'>;

/** An entry about thousands of namespaces names the first and counts all. */
export function nameNamespaces(namespaces: readonly string[]): Named {
  return { namespaces: [...namespaces].sort().slice(0, NAMED_NAMESPACES), count: namespaces.length };
}

/** What is true of each of these namespaces becomes several entries, which name them all. */
export function nameEach(namespaces: readonly string[]): Named[] {
  const sorted = [...namespaces].sort();
  const parts = Math.max(1, Math.ceil(sorted.length / NAMED_NAMESPACES));
  return Array.from({ length: parts }, (_, index) =>
    nameNamespaces(sorted.slice(index * NAMED_NAMESPACES, (index + 1) * NAMED_NAMESPACES)),
  );
}

/** About some namespaces of a rollout, which are named; other kinds are about all of them. */
const ABOUT_SOME: ReadonlySet<AuditKind> = new Set(['rollout.joined', 'rollout.retried', 'rollout.skipped']);

/** It is about every namespace of its rollout, also those that it does not name. */
export function isAboutWholeRollout(kind: AuditKind): boolean {
  return (kind.startsWith('rollout.') || kind === 'plan.carried-out') && !ABOUT_SOME.has(kind);
}
