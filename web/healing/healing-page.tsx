import { useSignal } from '@preact/signals';
import { isWellAgain, recoveringIn } from '../../domain/heal/describe-healing.ts';
import type { HealingEntry } from '../../domain/heal/healing-view.ts';
import { namespaces } from '../fleet/words.ts';
import { Link } from '../ui/link.tsx';
import { PollNote } from '../ui/poll-note.tsx';
import { TopBar } from '../ui/top-bar.tsx';
import type { HealCommand } from './heal-command-words.ts';
import { HealDialog } from './heal-dialog.tsx';
import { HealingEntryPanel } from './healing-entry-panel.tsx';
import { HealingFilterForm } from './healing-filter-form.tsx';
import { hrefOf, isFiltered } from './healing-filters.ts';
import type { HealingStore } from './healing-store.ts';
import { RuleCounts } from './rule-counts.tsx';
import { StatusPanel } from './status-panel.tsx';

interface HealingPageProps {
  readonly store: HealingStore;
  readonly readAgain?: () => void;
}

/** On the server nobody presses a button. */
function nothing(): void {}

/** `/healing`: what is not well in the fleet, and what healing does about it. */
export function HealingPage({ store, readAgain = nothing }: HealingPageProps) {
  const open = useSignal<HealCommand | undefined>(undefined);
  const ask = (command: HealCommand) => {
    open.value = command;
  };
  const { namespaces: shown, next, status } = store.list.value;
  const { filters } = store;
  return (
    <>
      <TopBar current="healing" environmentLabel={store.environmentLabel}>
        <PollNote polling={store.polling} now={store.now} />
      </TopBar>
      <main id="main" class="namespace-page">
        <h1>Healing</h1>
        <StatusPanel store={store} ask={ask} />
        <RuleCounts store={store} />
        <h2>Namespaces that are not well, or were not until recently</h2>
        <HealingFilterForm store={store} />
        {shown.length === 0 ? <Nothing store={store} /> : <p class="muted small">{describeTotal(store)}</p>}
        <ReleaseShown store={store} ask={ask} />
        <Entries store={store} entries={shown.filter((entry) => !isWellAgain(entry))} ask={ask} />
        <WellAgain store={store} entries={shown.filter(isWellAgain)} ask={ask} />
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
      <HealDialog open={open} mode={status?.mode} onDone={readAgain} />
    </>
  );
}

/** Without filters, as the panel above counts. */
function describeTotal({ list, filters }: HealingStore): string {
  const { total, status, states } = list.value;
  const recovering = status === null ? 0 : recoveringIn({ sick: status.sick, states });
  if (isFiltered(filters) || recovering === 0) return namespaces(total);
  return `${namespaces(total)}: ${total - recovering} not well, ${recovering} recovering or well again`;
}

interface EntriesProps {
  readonly store: HealingStore;
  readonly entries: readonly HealingEntry[];
  readonly ask: (command: HealCommand) => void;
}

function Entries({ store, entries, ask }: EntriesProps) {
  return (
    <ul class="rollout-list">
      {entries.map((entry) => (
        <HealingEntryPanel key={entry.namespace} store={store} entry={entry} ask={ask} />
      ))}
    </ul>
  );
}

/** Folded: only their steps count, for the cap. */
function WellAgain({ store, entries, ask }: EntriesProps) {
  if (entries.length === 0) return null;
  return (
    <details class="entry-steps well-again">
      <summary>{namespaces(entries.length)} that healing repaired, and that are well again</summary>
      <Entries store={store} entries={entries} ask={ask} />
    </details>
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

/** Several at once, as they are listed. */
function ReleaseShown({ store, ask }: { store: HealingStore; ask: (command: HealCommand) => void }) {
  const names = store.list.value.namespaces.flatMap(({ namespace, quarantine }) =>
    quarantine ? [namespace] : [],
  );
  if (names.length < 2) return null;
  return (
    <p class="needs-script">
      <button type="button" class="button long" onClick={() => ask({ kind: 'release', namespaces: names })}>
        Release the {names.length} that are quarantined here…
      </button>
    </p>
  );
}
