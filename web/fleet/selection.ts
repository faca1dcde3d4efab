import type { StatusValue } from '../../domain/cluster/status.ts';
import { HEALTHS, type Health } from '../../domain/fleet/fleet-row.ts';

/** `attention` is the default: degraded first. */
export const SORT_KEYS = ['attention', 'namespace', 'status', 'channel', 'version', 'since'] as const;
export type SortKey = (typeof SORT_KEYS)[number];

/** Filters by an empty channel or version: neither can have this name. */
export const NONE = '-';

/** Which part of the fleet is shown, and how: all of it is in the URL. An empty text means no filter. */
export interface Selection {
  readonly search: string;
  readonly health: readonly Health[];
  readonly status: StatusValue | '';
  readonly channel: string;
  readonly version: string;
  /** A FleetRow's causeGroup. */
  readonly cause: string;
  readonly rollout: string;
  readonly sort: SortKey;
  readonly descending: boolean;
  /** Grouped by cause. */
  readonly grouped: boolean;
}

export const EVERYTHING: Selection = {
  search: '',
  health: [],
  status: '',
  channel: '',
  version: '',
  cause: '',
  rollout: '',
  sort: 'attention',
  descending: false,
  grouped: false,
};

/** True when some namespaces can be hidden. */
export function isFiltered(selection: Selection): boolean {
  const { search, health, status, channel, version, cause, rollout } = selection;
  return (
    health.length > 0 || [search.trim(), status, channel, version, cause, rollout].some((text) => text !== '')
  );
}

/** Clears the filters; order and grouping stay. */
export function withoutFilters({ sort, descending, grouped }: Selection): Selection {
  return { ...EVERYTHING, sort, descending, grouped };
}

/** Adds a health to the filter, or removes it. */
export function toggleHealth(selection: Selection, health: Health): Selection {
  const isOn = selection.health.includes(health);
  const wanted = HEALTHS.filter((each) => (each === health ? !isOn : selection.health.includes(each)));
  return { ...selection, health: wanted };
}

/** A column's first click sorts ascending, its second descending, its third restores the default. */
export function nextSort(selection: Selection, key: SortKey): Selection {
  if (selection.sort !== key) return { ...selection, sort: key, descending: false };
  if (!selection.descending) return { ...selection, descending: true };
  return { ...selection, sort: 'attention', descending: false };
}
