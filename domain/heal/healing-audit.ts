import type { AuditEntry, AuditKind } from '../audit/audit-entry.ts';
import { nameEach } from '../audit/name-namespaces.ts';
import type { Rule } from './rule.ts';

/** Something that healing has noticed or decided in a namespace. */
export interface HealNews {
  readonly kind: Extract<AuditKind, `heal.${string}` | 'namespace.failing' | 'namespace.recovered'>;
  readonly namespace: string;
  readonly rule?: Rule | undefined;
  readonly reason: string;
}

/** One entry for equal news, with the namespaces. Evidence differs between most of them, and each entry has that of all it names. */
export function auditNews(news: readonly HealNews[], now: number): AuditEntry[] {
  const groups = new Map<string, HealNews[]>();
  for (const each of news) {
    const key = [each.kind, each.rule, each.reason].join('\n');
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups.values()].flatMap((group) => toEntries(group, now));
}

function toEntries(group: readonly HealNews[], now: number): AuditEntry[] {
  const [first] = group;
  if (!first) return [];
  const { kind, rule, reason } = first;
  const what = { at: now, kind, by: 'skipper', trigger: 'heal', ...(rule && { rule }) } as const;
  const why = { reason, cause: causeOf(first), outcome: outcomeOf(kind) } as const;
  return nameEach(group.map(({ namespace }) => namespace)).map((names) => ({ ...what, ...names, ...why }));
}

/** As for runs: what fails has failed, also if only healing notices it. */
function outcomeOf(kind: HealNews['kind']): AuditEntry['outcome'] {
  return kind === 'namespace.failing' || kind === 'heal.quarantined' ? 'failed' : 'ok';
}

/** Without names, ids and numbers: what differs between namespaces with the same trouble. */
export function causeOf({ namespace, reason }: Pick<HealNews, 'namespace' | 'reason'>): string {
  return reason
    .replaceAll(nameOf(namespace), 'NAMESPACE')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'ID')
    .replaceAll(/(fiaas-deploy-daemon)-[0-9a-z-]+/g, '$1-POD')
    .replaceAll(/\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z| UTC)/g, 'TIME')
    .replaceAll(/\d+(?:\.\d+)?/g, 'N');
}

/** Not a part of a word, and not of FDD's own name, as of a namespace `fiaas`. */
function nameOf(namespace: string): RegExp {
  return new RegExp(`(?<![\\w-])${namespace}(?!\\w|-deploy-daemon)`, 'g');
}
