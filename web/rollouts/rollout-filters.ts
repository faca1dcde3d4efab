import { TARGET_STATES, type TargetState, TRIGGERS, type Trigger } from '../../domain/rollout/rollout.ts';

/** Rollouts on one page of the list. */
export const ROLLOUTS_SHOWN = 50;

/** What the list of rollouts shows; empty shows all. */
export interface RolloutFilters {
  readonly state: TargetState | '';
  readonly trigger: Trigger | '';
  readonly requestedBy: string;
  /** Only those that were created before this one; empty for the newest. */
  readonly before: string;
}

/** Reads the filters from the query of a URL; unknown values are ignored. */
export function parseFilters(query: URLSearchParams): RolloutFilters {
  const text = (key: string) => query.get(key) ?? '';
  return {
    state: TARGET_STATES.find((state) => state === text('state')) ?? '',
    trigger: TRIGGERS.find((trigger) => trigger === text('trigger')) ?? '',
    requestedBy: text('requestedBy').trim(),
    before: text('before'),
  };
}

/** The shortest query for the filters; '' for none, otherwise it starts with "?". */
export function formatFilters(filters: RolloutFilters): string {
  const query = new URLSearchParams();
  for (const key of ['state', 'trigger', 'requestedBy', 'before'] as const) {
    if (filters[key] !== '') query.set(key, filters[key]);
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** The same for the API, which knows no empty filters. */
export function toRequest({ state, trigger, requestedBy, before }: RolloutFilters) {
  return {
    state: state || undefined,
    trigger: trigger || undefined,
    requestedBy: requestedBy || undefined,
    before: before || undefined,
    limit: ROLLOUTS_SHOWN,
  };
}

export function isFiltered({ state, trigger, requestedBy }: RolloutFilters): boolean {
  return state !== '' || trigger !== '' || requestedBy !== '';
}
