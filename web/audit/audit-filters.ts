import { isKnownKind } from '../../domain/audit/audit-filter.ts';

/** Entries on one page. */
export const ENTRIES_SHOWN = 50;

export const OUTCOMES = ['ok', 'refused', 'failed'] as const;
type Outcome = (typeof OUTCOMES)[number];

/** The ages that the page offers. */
export const AGES = [
  ['1h', 'The last hour'],
  ['24h', 'The last 24 hours'],
  ['7d', 'The last 7 days'],
  ['30d', 'The last 30 days'],
] as const;
type Age = (typeof AGES)[number][0];

/** What the audit page shows; empty shows all. */
export interface AuditFilters {
  /** A kind, or what kinds begin with. */
  readonly kind: string;
  readonly outcome: Outcome | '';
  readonly since: Age | '';
  readonly namespace: string;
  readonly by: string;
  readonly rollout: string;
  /** Only entries before this position; empty for the newest. */
  readonly cursor: string;
}

const KEYS = ['kind', 'outcome', 'since', 'namespace', 'by', 'rollout', 'cursor'] as const;

/** Reads the filters from the query of a URL; unknown values are ignored. */
export function parseFilters(query: URLSearchParams): AuditFilters {
  const text = (key: (typeof KEYS)[number]) => (query.get(key) ?? '').trim();
  const cursor = text('cursor');
  return {
    kind: isKnownKind(text('kind')) ? text('kind') : '',
    outcome: OUTCOMES.find((outcome) => outcome === text('outcome')) ?? '',
    since: AGES.find(([age]) => age === text('since'))?.[0] ?? '',
    namespace: text('namespace'),
    by: text('by'),
    rollout: text('rollout'),
    cursor: /^\d{1,15}-\d{1,15}$/.test(cursor) ? cursor : '',
  };
}

/** The shortest query for the filters; '' for none, otherwise it starts with "?". */
export function formatFilters(filters: AuditFilters, more: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams();
  for (const key of KEYS) if (filters[key] !== '') query.set(key, filters[key]);
  for (const [key, value] of Object.entries(more)) query.set(key, value);
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

export function isFiltered({ cursor: _, ...filters }: AuditFilters): boolean {
  return Object.values(filters).some((value) => value !== '');
}
