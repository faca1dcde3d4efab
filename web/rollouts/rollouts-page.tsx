import { isOpen, TARGET_STATES, TRIGGERS } from '../../domain/rollout/rollout.ts';
import type { RolloutHead } from '../../domain/rollout/rollout-view.ts';
import { progressOf } from '../fleet/rollout-progress.ts';
import { namespaces, requestedBy } from '../fleet/words.ts';
import { FilterForm } from '../ui/filter-form.tsx';
import { firstUpper } from '../ui/first-upper.ts';
import { Link } from '../ui/link.tsx';
import { Ago } from '../ui/moment.tsx';
import { PollNote } from '../ui/poll-note.tsx';
import { duration } from '../ui/relative-time.ts';
import { SearchFilter } from '../ui/search-filter.tsx';
import { SelectFilter } from '../ui/select-filter.tsx';
import { StackedBar } from '../ui/stacked-bar.tsx';
import { TopBar } from '../ui/top-bar.tsx';
import { HeldPanel } from './held-panel.tsx';
import { formatFilters, isFiltered } from './rollout-filters.ts';
import type { RolloutsStore } from './rollout-store.ts';
import { StateBadge } from './state-badge.tsx';
import { ROLLOUT_WORDS } from './words.ts';

const TRIGGER_NAMES: Readonly<Record<(typeof TRIGGERS)[number], string>> = {
  api: 'API',
  release: 'New release',
  retry: 'Retry',
  heal: 'Repair',
  cli: 'Command line',
  board: 'Board',
  webhook: 'Webhook',
  unknown: 'Not known',
};

/** `/rollouts`: who changed what, and how far it is. */
export function RolloutsPage({ store }: { store: RolloutsStore }) {
  const { rollouts, next } = store.list.value;
  const { filters } = store;
  return (
    <>
      <TopBar current="rollouts" environmentLabel={store.environmentLabel}>
        <PollNote polling={store.polling} now={store.now} />
      </TopBar>
      <main id="main" class="namespace-page">
        <h1>Rollouts</h1>
        <Filters store={store} />
        {rollouts.length === 0 ? <Nothing isFilteredOut={isFiltered(filters)} /> : null}
        <ul class="rollout-list">
          {rollouts.map((rollout) => (
            <RolloutEntry key={rollout.id} store={store} rollout={rollout} />
          ))}
        </ul>
        <nav class="pager" aria-label="Pages of rollouts">
          {filters.before === '' ? null : (
            <Link class="button" href={`/rollouts${formatFilters({ ...filters, before: '' })}`}>
              Newest
            </Link>
          )}
          {next === undefined ? null : (
            <Link class="button" href={`/rollouts${formatFilters({ ...filters, before: next })}`}>
              Older
            </Link>
          )}
        </nav>
        <HeldPanel store={store} />
      </main>
    </>
  );
}

function Nothing({ isFilteredOut }: { isFilteredOut: boolean }) {
  return (
    <section class="panel details-section" aria-label="No rollouts">
      {isFilteredOut ? (
        <p>
          No rollouts match. <Link href="/rollouts">Clear the filters</Link>
        </p>
      ) : (
        <p>
          No rollouts yet. A new release begins one, and so does a deploy from{' '}
          <Link href="/status">the fleet page</Link>.
        </p>
      )}
    </section>
  );
}

function Filters({ store: { filters } }: { store: RolloutsStore }) {
  return (
    <FilterForm path="/rollouts" isFiltered={isFiltered(filters)}>
      <SelectFilter name="state" label="State" value={filters.state} all="Any state">
        {TARGET_STATES.map((state) => (
          <option key={state} value={state} selected={state === filters.state}>
            {ROLLOUT_WORDS[state].word}
          </option>
        ))}
      </SelectFilter>
      <SelectFilter name="trigger" label="Begun by" value={filters.trigger} all="Any trigger">
        {TRIGGERS.map((trigger) => (
          <option key={trigger} value={trigger} selected={trigger === filters.trigger}>
            {TRIGGER_NAMES[trigger]}
          </option>
        ))}
      </SelectFilter>
      <SearchFilter name="requestedBy" label="Requested by" value={filters.requestedBy} />
    </FilterForm>
  );
}

function RolloutEntry({ store, rollout }: { store: RolloutsStore; rollout: RolloutHead }) {
  const progress = progressOf(rollout.counts);
  return (
    <li class={`panel rollout-entry ${ROLLOUT_WORDS[rollout.state].hue}`}>
      <div class="rollout-entry-head">
        <StateBadge state={rollout.state} />
        <h2>
          <Link class="mono" href={`/rollouts/${rollout.id}`}>
            {versionsOf(rollout)}
          </Link>
        </h2>
        <span class="muted small">{channelsOf(rollout)}</span>
        <span class="muted small rollout-times">
          <Times store={store} rollout={rollout} />
        </span>
      </div>
      <p class="rollout-asked">
        {firstUpper(requestedBy(rollout.trigger, rollout.requestedBy))}
        {rollout.reason ? <>: {rollout.reason}</> : null}
      </p>
      <StackedBar parts={progress.parts} total={progress.total} label={progress.inWords} />
      <p class="muted small numbers">
        {namespaces(progress.total)}
        {progress.inWords === '' ? '' : `: ${progress.inWords}`}
      </p>
      {hasNews(rollout) ? <p class="rollout-reason small">{rollout.stateReason}</p> : null}
    </li>
  );
}

/** Why a rollout goes as planned is on its own page. */
function hasNews({ state, stateReason }: RolloutHead): boolean {
  return Boolean(stateReason) && (state === 'paused' || state === 'failed' || state === 'cancelled');
}

function Times({ store, rollout }: { store: RolloutsStore; rollout: RolloutHead }) {
  const { state, createdAt, endedAt } = rollout;
  return (
    <>
      started <Ago at={createdAt} now={store.now} />
      {endedAt === undefined || isOpen(state) ? null : `, took ${duration(endedAt - createdAt)}`}
    </>
  );
}

export function versionsOf({ releases, id }: Pick<RolloutHead, 'releases' | 'id'>): string {
  return [...new Set(releases.map(({ version }) => version))].join(', ') || id;
}

function channelsOf({ releases }: Pick<RolloutHead, 'releases'>): string {
  return [...new Set(releases.map(({ channel }) => channel))].filter(Boolean).join(', ');
}
