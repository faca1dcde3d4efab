import { type AuditEntry, type AuditKind, NAMED_NAMESPACES } from '../audit/audit-entry.ts';
import type { Rule } from './rule.ts';

/** Something that healing has noticed or decided in a namespace. */
export interface HealNews {
  readonly kind: Extract<AuditKind, `heal.${string}` | 'namespace.failing' | 'namespace.recovered'>;
  readonly namespace: string;
  readonly rule?: Rule | undefined;
  readonly reason: string;
}

/** One entry for equal news, with the namespaces; more than an entry names become several entries. */
export function auditNews(news: readonly HealNews[], now: number): AuditEntry[] {
  const groups = new Map<string, HealNews[]>();
  for (const each of news) {
    const key = [each.kind, each.rule, causeOf(each)].join('\n');
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups.values()].flatMap((group) => chunks(group).map((part) => toEntry(part, now)));
}

function toEntry(group: readonly HealNews[], now: number): AuditEntry {
  const [first] = group;
  const { kind = 'heal.step', rule, reason = '' } = first ?? {};
  return {
    at: now,
    kind,
    by: 'skipper',
    trigger: 'heal',
    namespaces: group.map(({ namespace }) => namespace),
    count: group.length,
    ...(rule && { rule }),
    reason,
    ...(first && { cause: causeOf(first) }),
    outcome: 'ok',
  };
}

function chunks(group: readonly HealNews[]): (readonly HealNews[])[] {
  const count = Math.ceil(group.length / NAMED_NAMESPACES);
  return Array.from({ length: count }, (_, index) =>
    group.slice(index * NAMED_NAMESPACES, (index + 1) * NAMED_NAMESPACES),
  );
}

/** Without names, ids and numbers: what differs between namespaces with the same trouble. */
export function causeOf({ namespace, reason }: Pick<HealNews, 'namespace' | 'reason'>): string {
  return reason
    .replaceAll(namespace, 'NAMESPACE')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'ID')
    .replaceAll(/(fiaas-deploy-daemon)-[0-9a-z-]+/g, '$1-POD')
    .replaceAll(/\d+(?:\.\d+)?/g, 'N');
}
