import { TARGET_STATES, type TargetCounts, type TargetState } from '../../domain/rollout/rollout.ts';

/** Targets on one page. */
export const PAGE_SIZE = 100;

/** The targets that the page of a rollout shows. */
export interface TargetSelection {
  /** Empty shows all. */
  readonly state: TargetState | '';
  /** Counted from 1. */
  readonly page: number;
}

export function parseTargetSelection(query: URLSearchParams): TargetSelection {
  const state = TARGET_STATES.find((each) => each === query.get('state')) ?? '';
  const page = Number(query.get('page') ?? 1);
  return { state, page: Number.isSafeInteger(page) && page > 0 ? page : 1 };
}

/** The shortest query; '' for the first page of all, otherwise it starts with "?". */
export function formatTargetSelection({ state, page }: TargetSelection): string {
  const query = new URLSearchParams();
  if (state !== '') query.set('state', state);
  if (page > 1) query.set('page', String(page));
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

export function totalOf(counts: TargetCounts, state: TargetState | ''): number {
  if (state !== '') return counts[state];
  return TARGET_STATES.reduce((sum, each) => sum + counts[each], 0);
}

export function pagesOf(total: number): number {
  return Math.max(1, Math.ceil(total / PAGE_SIZE));
}
