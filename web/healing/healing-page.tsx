import { namespaces } from '../fleet/words.ts';
import { Link } from '../ui/link.tsx';
import { PollNote } from '../ui/poll-note.tsx';
import { TopBar } from '../ui/top-bar.tsx';
import { HealingEntryPanel } from './healing-entry-panel.tsx';
import { HealingFilterForm } from './healing-filter-form.tsx';
import { hrefOf, isFiltered } from './healing-filters.ts';
import type { HealingStore } from './healing-store.ts';
import { RuleCounts } from './rule-counts.tsx';
import { StatusPanel } from './status-panel.tsx';

/** `/healing`: what is not well in the fleet, and what healing does about it. */
export function HealingPage({ store }: { store: HealingStore }) {
  const { namespaces: shown, total, next } = store.list.value;
  const { filters } = store;
  return (
    <>
      <TopBar current="healing" environmentLabel={store.environmentLabel}>
        <PollNote polling={store.polling} now={store.now} />
      </TopBar>
      <main id="main" class="namespace-page">
        <h1>Healing</h1>
        <StatusPanel store={store} />
        <RuleCounts store={store} />
        <h2>Namespaces that are not well</h2>
        <HealingFilterForm store={store} />
        {shown.length === 0 ? <Nothing store={store} /> : <p class="muted small">{namespaces(total)}</p>}
        <ul class="rollout-list">
          {shown.map((entry) => (
            <HealingEntryPanel key={entry.namespace} store={store} entry={entry} />
          ))}
        </ul>
        <nav class="pager" aria-label="Pages of namespaces">
          {filters.cursor === '' ? null : (
            <Link class="button" href={hrefOf({ ...filters, cursor: '' })}>
              First page
            </Link>
          )}
          {next === undefined ? null : (
            <Link class="button" href={hrefOf({ ...filters, cursor: next })}>
              Next page
            </Link>
          )}
        </nav>
      </main>
    </>
  );
}

/** An empty list does not mean that all is well: the panel above says what is known. */
function Nothing({ store }: { store: HealingStore }) {
  const { filters } = store;
  return (
    <section class="panel details-section" aria-label="No namespaces">
      {isFiltered(filters) || filters.cursor !== '' ? (
        <p>
          No namespaces match. <Link href="/healing">Clear the filters</Link>
        </p>
      ) : (
        <p>No namespace is listed.</p>
      )}
    </section>
  );
}
