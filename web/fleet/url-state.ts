import { STATUSES } from '../../domain/cluster/status.ts';
import { HEALTHS } from '../../domain/fleet/fleet-row.ts';
import { EVERYTHING, type Selection, SORT_KEYS, type SortKey } from './selection.ts';

/** Reads a selection from the query of a URL; unknown values are ignored. */
export function parseSelection(query: URLSearchParams): Selection {
  const text = (key: string) => query.get(key) ?? '';
  const status = text('status');
  const wantedHealths = query.getAll('health');
  return {
    search: text('q'),
    health: HEALTHS.filter((health) => wantedHealths.includes(health)),
    status: STATUSES.find((known) => known === status) ?? '',
    channel: text('channel'),
    version: text('version'),
    cause: text('cause'),
    rollout: text('rollout'),
    ...parseSort(text('sort')),
    grouped: text('group') === 'cause',
  };
}

/** The shortest query for the selection; '' for the default, otherwise it starts with "?". */
export function formatSelection(selection: Selection): string {
  const query = new URLSearchParams();
  const add = (key: string, value: string) => {
    if (value !== '') query.append(key, value);
  };
  add('q', selection.search);
  for (const health of selection.health) add('health', health);
  add('status', selection.status);
  add('channel', selection.channel);
  add('version', selection.version);
  add('cause', selection.cause);
  add('rollout', selection.rollout);
  add('sort', formatSort(selection));
  add('group', selection.grouped ? 'cause' : '');
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

function parseSort(text: string): Pick<Selection, 'sort' | 'descending'> {
  const descending = text.startsWith('-');
  const name = descending ? text.slice(1) : text;
  const sort = SORT_KEYS.find((key: SortKey) => key === name);
  return sort === undefined ? { sort: EVERYTHING.sort, descending: false } : { sort, descending };
}

function formatSort({ sort, descending }: Selection): string {
  if (descending) return `-${sort}`;
  return sort === EVERYTHING.sort ? '' : sort;
}
