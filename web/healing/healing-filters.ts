import { HEALING_STATES, type HealingState } from '../../domain/heal/healing.ts';
import { parseCursor } from '../../domain/heal/list-healing.ts';
import { RULES, type Rule } from '../../domain/heal/rule.ts';

/** Namespaces on one page of the list. */
export const NAMESPACES_SHOWN = 50;

/** What the page shows; empty shows all. */
export interface HealingFilters {
  readonly state: HealingState | '';
  readonly rule: Rule | '';
  /** A part of the name. */
  readonly namespace: string;
  /** Where the page begins; empty for the first one. */
  readonly cursor: string;
}

/** Reads the filters from the query of a URL; unknown values are ignored. */
export function parseFilters(query: URLSearchParams): HealingFilters {
  const text = (key: string) => query.get(key) ?? '';
  const cursor = text('cursor');
  return {
    state: HEALING_STATES.find((state) => state === text('state')) ?? '',
    rule: RULES.find((rule) => rule === text('rule')) ?? '',
    namespace: text('namespace').trim(),
    cursor: parseCursor(cursor) === undefined ? '' : cursor,
  };
}

/** The address of the page with these filters. */
export function hrefOf(filters: Partial<HealingFilters>): string {
  const query = new URLSearchParams();
  for (const key of ['state', 'rule', 'namespace', 'cursor'] as const) {
    const value = filters[key] ?? '';
    if (value !== '') query.set(key, value);
  }
  const text = query.toString();
  return text === '' ? '/healing' : `/healing?${text}`;
}

/** The same for the API, which knows no empty filters. */
export function toRequest({ state, rule, namespace, cursor }: HealingFilters) {
  return {
    state: state || undefined,
    rule: rule || undefined,
    namespace: namespace || undefined,
    cursor: cursor || undefined,
    limit: NAMESPACES_SHOWN,
  };
}

export function isFiltered({ state, rule, namespace }: HealingFilters): boolean {
  return state !== '' || rule !== '' || namespace !== '';
}
