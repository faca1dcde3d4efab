import { useContext } from 'preact/hooks';
import type { DeployScope } from '../deploy/scope.ts';
import { Icon } from '../ui/icon.tsx';
import { BasePath } from '../ui/link.tsx';
import type { FleetStore } from './fleet-store.ts';
import type { Option } from './select-rows.ts';
import { isFiltered, NONE, type Selection, SORT_KEYS, type SortKey, withoutFilters } from './selection.ts';
import { SelectionLink } from './selection-link.tsx';
import { parseSelection } from './url-state.ts';
import { number, STATUS_WORDS } from './words.ts';

const SORT_WORDS: Readonly<Record<SortKey, string>> = {
  attention: 'Degraded first',
  namespace: 'Name',
  status: 'Status',
  channel: 'Channel',
  version: 'Version',
  since: 'Latest change',
};

interface ToolbarProps {
  readonly store: FleetStore;
  readonly onDeploy: (scope: DeployScope) => void;
}

/** Search, filters, grouping; a plain form, so that it also works without JavaScript. */
export function Toolbar({ store, onDeploy }: ToolbarProps) {
  const base = useContext(BasePath);
  const selection = store.selection.value;
  const { facets } = store.list.value;
  const change = (part: Partial<Selection>) => {
    store.selection.value = { ...store.selection.value, ...part };
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement) as unknown as Iterable<
      [string, string]
    >;
    store.selection.value = parseSelection(new URLSearchParams([...fields]));
  };
  return (
    <>
      <search class="toolbar">
        <form method="get" action={`${base}/status`} class="filters" onSubmit={submit}>
          <label class="search">
            <span class="visually-hidden">Search by namespace, cause or version</span>
            <Icon name="search" />
            <input
              id="search"
              class="field"
              type="search"
              name="q"
              placeholder="Search namespace, cause, version"
              autoComplete="off"
              spellcheck={false}
              value={selection.search}
              onInput={(event) => change({ search: event.currentTarget.value })}
            />
            <kbd class="needs-script">/</kbd>
          </label>
          <div class="selects">
            <Choice
              name="status"
              label="Status"
              value={selection.status}
              options={facets.status}
              words={STATUS_WORDS}
              onChange={(status) => change({ status: status as Selection['status'] })}
            />
            <Choice
              name="channel"
              label="Channel"
              value={selection.channel}
              options={facets.channel}
              words={{ [NONE]: 'none' }}
              onChange={(channel) => change({ channel })}
            />
            <Choice
              name="version"
              label="Version"
              value={selection.version}
              options={facets.version}
              words={{ [NONE]: 'not running' }}
              onChange={(version) => change({ version })}
            />
            <SortChoice selection={selection} onChange={change} />
            <label class={`toggle${selection.grouped ? ' on' : ''}`}>
              <input
                type="checkbox"
                name="group"
                value="cause"
                checked={selection.grouped}
                onChange={(event) => change({ grouped: event.currentTarget.checked })}
              />
              Group by cause
            </label>
            <HiddenFields selection={selection} />
            <button type="submit" class="button without-script">
              Apply
            </button>
          </div>
        </form>
        <Actions store={store} onDeploy={onDeploy} />
      </search>
      <Chips store={store} />
    </>
  );
}

interface ChoiceProps {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly options: readonly Option[];
  readonly words: Readonly<Record<string, string>>;
  readonly onChange: (value: string) => void;
}

function Choice({ name, label, value, options, words, onChange }: ChoiceProps) {
  const isKnown = value === '' || options.some((option) => option.value === value);
  const shown = isKnown ? options : [...options, { value, count: 0 }];
  return (
    <select
      class={`select${value === '' ? '' : ' on'}`}
      name={name}
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    >
      <option value="" selected={value === ''}>
        {label}
      </option>
      {shown.map((option) => (
        <option key={option.value} value={option.value} selected={option.value === value}>
          {words[option.value] ?? option.value} ({number(option.count)})
        </option>
      ))}
    </select>
  );
}

/** For phones, which show no column heads to click. */
function SortChoice({
  selection,
  onChange,
}: {
  selection: Selection;
  onChange: (part: Partial<Selection>) => void;
}) {
  const current = selection.descending ? `-${selection.sort}` : selection.sort;
  return (
    <select
      class="select sort-choice"
      name="sort"
      aria-label="Sort by"
      value={current}
      onChange={(event) => onChange(sortOf(event.currentTarget.value))}
    >
      {SORT_KEYS.map((key) => (
        <option key={key} value={key} selected={current === key}>
          {SORT_WORDS[key]}
        </option>
      ))}
      {selection.descending ? (
        <option value={current} selected>
          {SORT_WORDS[selection.sort]}, reversed
        </option>
      ) : null}
    </select>
  );
}

function sortOf(value: string): Pick<Selection, 'sort' | 'descending'> {
  const { sort, descending } = parseSelection(new URLSearchParams({ sort: value }));
  return { sort, descending };
}

/** The filters without a field of their own, kept when the form is submitted without JavaScript. */
function HiddenFields({ selection }: { selection: Selection }) {
  return (
    <>
      {selection.health.map((health) => (
        <input key={health} type="hidden" name="health" value={health} />
      ))}
      {selection.cause === '' ? null : <input type="hidden" name="cause" value={selection.cause} />}
      {selection.rollout === '' ? null : <input type="hidden" name="rollout" value={selection.rollout} />}
    </>
  );
}

/** The number of matches, and a deploy button for the narrowest choice: checked, filtered, or all. */
function Actions({ store, onDeploy }: ToolbarProps) {
  const { matched } = store.list.value;
  const checked = store.checked.value.size;
  const total = store.summary.value.namespaces;
  const selection = store.selection.value;
  const filtered = isFiltered(selection);
  const count = checked > 0 ? checked : matched;
  const [kind, words] =
    checked > 0
      ? (['checked', `Deploy ${number(count)} selected…`] as const)
      : filtered
        ? (['filtered', `Deploy ${number(count)} shown…`] as const)
        : (['all', `Deploy all ${number(count)}…`] as const);
  return (
    <div class="actions">
      {checked > 0 ? (
        <button type="button" class="button quiet" onClick={() => (store.checked.value = new Set())}>
          Clear selection
        </button>
      ) : filtered ? (
        <>
          <span class="muted numbers shown-count">
            {number(matched)} of {number(total)}
          </span>
          <SelectionLink store={store} class="button quiet" to={withoutFilters(selection)}>
            Clear filters
          </SelectionLink>
        </>
      ) : null}
      <button
        type="button"
        class={`button needs-script${kind === 'all' ? '' : ' primary'}`}
        disabled={count === 0 || !store.isComplete.value}
        onClick={() => onDeploy({ kind })}
      >
        <Icon name="deploy" />
        {words}
      </button>
    </div>
  );
}

/** Filters without a field of their own; each can be removed. */
function Chips({ store }: { store: FleetStore }) {
  const selection = store.selection.value;
  if (selection.cause === '' && selection.rollout === '') return null;
  return (
    <div class="chips">
      {selection.cause === '' ? null : (
        <SelectionLink
          store={store}
          class="filter-chip"
          to={{ ...selection, cause: '' }}
          title="Remove this filter"
        >
          <span>
            cause: <b>{selection.cause}</b>
          </span>
          <Icon name="close" />
        </SelectionLink>
      )}
      {selection.rollout === '' ? null : (
        <SelectionLink
          store={store}
          class="filter-chip"
          to={{ ...selection, rollout: '' }}
          title="Remove this filter"
        >
          <span>
            rollout: <b>{selection.rollout}</b>
          </span>
          <Icon name="close" />
        </SelectionLink>
      )}
    </div>
  );
}
