import { useContext } from 'preact/hooks';
import { HEALING_WORDS } from '../../domain/heal/describe-healing.ts';
import { WORST_FIRST } from '../../domain/heal/list-healing.ts';
import { RULES } from '../../domain/heal/rule.ts';
import { BasePath, Link } from '../ui/link.tsx';
import { SearchFilter } from '../ui/search-filter.tsx';
import { isFiltered } from './healing-filters.ts';
import type { HealingStore } from './healing-store.ts';

/** A plain form: its fields are the query of the URL. */
export function HealingFilterForm({ store }: { store: HealingStore }) {
  const base = useContext(BasePath);
  const { filters } = store;
  const { states } = store.list.value;
  const submit = (event: Event) => (event.currentTarget as HTMLSelectElement).form?.requestSubmit();
  const classOf = (value: string) => `select${value === '' ? '' : ' on'}`;
  return (
    <search>
      <form method="get" action={`${base}/healing`} class="rollout-filters">
        <select class={classOf(filters.state)} name="state" aria-label="State" onChange={submit}>
          <option value="">Any state</option>
          {WORST_FIRST.map((state) => (
            <option key={state} value={state} selected={state === filters.state}>
              {HEALING_WORDS[state].word} ({states[state] ?? 0})
            </option>
          ))}
        </select>
        <select class={classOf(filters.rule)} name="rule" aria-label="Rule" onChange={submit}>
          <option value="">Any rule</option>
          {RULES.map((rule) => (
            <option key={rule} value={rule} selected={rule === filters.rule}>
              {rule}
            </option>
          ))}
        </select>
        <SearchFilter name="namespace" label="Namespace" value={filters.namespace} />
        <button type="submit" class="button">
          Apply
        </button>
        {isFiltered(filters) ? (
          <Link class="button quiet" href="/healing">
            Clear filters
          </Link>
        ) : null}
      </form>
    </search>
  );
}
