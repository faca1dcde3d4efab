import type { HealingState, NamespaceHealing } from './healing.ts';
import type { HealingEntry, HealingList } from './healing-view.ts';
import type { Rule } from './rule.ts';

/** In the order of lists: what nobody will repair first. */
export const WORST_FIRST = [
  'quarantined',
  'stopped',
  'healing',
  'waiting',
  'reported',
  'left-alone',
  'recovering',
  'watching',
] as const satisfies readonly HealingState[];

export interface HealingFilter {
  readonly rule?: Rule | undefined;
  readonly state?: HealingState | undefined;
  /** A part of the name. */
  readonly namespace?: string | undefined;
}

export interface HealingPage {
  readonly limit: number;
  /** `next` of the page before. */
  readonly cursor?: string | undefined;
}

type Healing = ReadonlyMap<string, NamespaceHealing>;

/** One page of the namespaces that are not well, worst state first, then by name. */
export function listHealing(
  stored: Healing,
  filter: HealingFilter,
  { limit, cursor }: HealingPage,
): Pick<HealingList, 'namespaces' | 'total' | 'next'> {
  const fitting = [...stored]
    .map(([namespace, healing]): HealingEntry => ({ namespace, ...healing }))
    .filter((entry) => fits(entry, filter))
    .sort(worstFirst);
  const from = cursor === undefined ? undefined : parseCursor(cursor);
  const rest = from === undefined ? fitting : fitting.filter((entry) => worstFirst(entry, from) > 0);
  const namespaces = rest.slice(0, limit);
  const last = namespaces.at(-1);
  const hasMore = rest.length > namespaces.length && last !== undefined;
  return {
    namespaces,
    total: fitting.length,
    ...(hasMore ? { next: `${last.state}/${last.namespace}` } : {}),
  };
}

/** How many namespaces are in each state. */
export function countStates(stored: Healing): HealingList['states'] {
  const counts: Partial<Record<HealingState, number>> = {};
  for (const { state } of stored.values()) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

/** Undefined if it was not made by `listHealing`. */
export function parseCursor(cursor: string): Position | undefined {
  const [name, namespace] = cursor.split('/');
  const state = WORST_FIRST.find((each) => each === name);
  return state === undefined || namespace === undefined ? undefined : { state, namespace };
}

type Position = Pick<HealingEntry, 'state' | 'namespace'>;

function fits({ namespace, state, findings }: HealingEntry, filter: HealingFilter): boolean {
  return (
    (filter.state === undefined || filter.state === state) &&
    (filter.rule === undefined || findings.some(({ rule }) => rule === filter.rule)) &&
    (filter.namespace === undefined || namespace.includes(filter.namespace))
  );
}

function worstFirst(a: Position, b: Position): number {
  const byState = WORST_FIRST.indexOf(a.state) - WORST_FIRST.indexOf(b.state);
  if (byState !== 0 || a.namespace === b.namespace) return byState;
  return a.namespace < b.namespace ? -1 : 1;
}
