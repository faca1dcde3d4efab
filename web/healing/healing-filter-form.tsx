import { HEALING_WORDS } from '../../domain/heal/describe-healing.ts';
import { WORST_FIRST } from '../../domain/heal/list-healing.ts';
import { RULES } from '../../domain/heal/rule.ts';
import { FilterForm } from '../ui/filter-form.tsx';
import { SearchFilter } from '../ui/search-filter.tsx';
import { SelectFilter } from '../ui/select-filter.tsx';
import { isFiltered } from './healing-filters.ts';
import type { HealingStore } from './healing-store.ts';

export function HealingFilterForm({ store }: { store: HealingStore }) {
  const { filters } = store;
  const { states } = store.list.value;
  return (
    <FilterForm path="/healing" isFiltered={isFiltered(filters)}>
      <SelectFilter name="state" label="State" value={filters.state} all="Any state">
        {WORST_FIRST.map((state) => (
          <option key={state} value={state} selected={state === filters.state}>
            {HEALING_WORDS[state].word} ({states[state] ?? 0})
          </option>
        ))}
      </SelectFilter>
      <SelectFilter name="rule" label="Rule" value={filters.rule} all="Any rule">
        {RULES.map((rule) => (
          <option key={rule} value={rule} selected={rule === filters.rule}>
            {rule}
          </option>
        ))}
      </SelectFilter>
      <SearchFilter name="namespace" label="Namespace" value={filters.namespace} />
    </FilterForm>
  );
}
