import { AUDIT_KINDS } from '../../domain/audit/audit-entry.ts';
import { AUDIT_FAMILIES, familyOf } from '../../domain/audit/audit-filter.ts';
import type { StoredAuditEntry } from '../../domain/audit/audit-list.ts';
import { utcTime } from '../../domain/utc-time.ts';
import { namespaces as countNamespaces } from '../fleet/words.ts';
import { FilterForm } from '../ui/filter-form.tsx';
import { Link } from '../ui/link.tsx';
import { NoticeLines } from '../ui/notice-lines.tsx';
import { machineTime } from '../ui/relative-time.ts';
import { SearchFilter } from '../ui/search-filter.tsx';
import { SelectFilter } from '../ui/select-filter.tsx';
import { TopBar } from '../ui/top-bar.tsx';
import { AGES, type AuditFilters, formatFilters, isFiltered, OUTCOMES } from './audit-filters.ts';
import type { AuditPageState } from './page-state.ts';
import { AUDIT_WORDS, FAMILY_WORDS, OUTCOME_HUES, OUTCOME_WORDS, whoWords } from './words.ts';

/** `/audit`: who did what, when, why, and with what outcome. It needs no script. */
export function AuditPage({ list, filters, notices, environmentLabel }: AuditPageState) {
  const { entries, next } = list;
  const isNewest = filters.cursor === '';
  return (
    <>
      <TopBar current="audit" environmentLabel={environmentLabel} />
      <main id="main" class="namespace-page">
        <h1>Audit</h1>
        <NoticeLines {...notices} />
        <Filters filters={filters} />
        <p class="muted small">
          By: an address, or <code>skipper</code> for automatic decisions. This page is not live:{' '}
          <Link href={`/audit${formatFilters(filters)}`}>read it again</Link>
        </p>
        {entries.length === 0 ? <Nothing filters={filters} next={next} /> : null}
        <ul class="audit-list">
          {entries.map((entry) => (
            <Entry key={entry.id} entry={entry} />
          ))}
        </ul>
        {next === undefined && entries.length > 0 ? <End /> : null}
        <nav class="pager" aria-label="Pages of the audit log">
          {isNewest ? null : (
            <Link class="button" href={`/audit${formatFilters({ ...filters, cursor: '' })}`}>
              Newest
            </Link>
          )}
          {next === undefined ? null : (
            <Link class="button" href={`/audit${formatFilters({ ...filters, cursor: next })}`}>
              Older
            </Link>
          )}
        </nav>
        <p class="muted">
          As <Link href={`/api/audit${exportQuery(filters)}`}>JSON Lines</Link>. In a terminal:{' '}
          <code>skipper audit --follow</code>
        </p>
      </main>
    </>
  );
}

function End() {
  return (
    <p class="muted small">
      No older entries match. They are kept for --audit-retention; what was written before Redis lost its data
      is lost.
    </p>
  );
}

/** All pages. */
function exportQuery(filters: AuditFilters): string {
  return formatFilters({ ...filters, cursor: '' }, { format: 'jsonl' });
}

function Nothing({ filters, next }: { filters: AuditFilters; next: string | undefined }) {
  return (
    <section class="panel details-section" aria-label="No entries">
      <p>
        {whyNothing(filters, next)}{' '}
        {isFiltered(filters) ? <Link href="/audit">Clear the filters</Link> : null}
      </p>
    </section>
  );
}

function whyNothing(filters: AuditFilters, next: string | undefined): string {
  if (next !== undefined) return 'No entry matches on this page: older ones may.';
  return isFiltered(filters) ? 'No entries match.' : 'No entries yet.';
}

function Filters({ filters }: { filters: AuditFilters }) {
  return (
    <FilterForm path="/audit" isFiltered={isFiltered(filters)} className="audit-filters">
      <SelectFilter name="kind" label="What" value={filters.kind} all="Everything">
        {AUDIT_FAMILIES.map((family) => (
          <KindGroup key={family} family={family} chosen={filters.kind} />
        ))}
      </SelectFilter>
      <SelectFilter name="outcome" label="Outcome" value={filters.outcome} all="Any outcome">
        {OUTCOMES.map((outcome) => (
          <option key={outcome} value={outcome} selected={outcome === filters.outcome}>
            {OUTCOME_WORDS[outcome]}
          </option>
        ))}
      </SelectFilter>
      <SelectFilter name="since" label="Since" value={filters.since} all="Any time">
        {AGES.map(([age, words]) => (
          <option key={age} value={age} selected={age === filters.since}>
            {words}
          </option>
        ))}
      </SelectFilter>
      <SearchFilter name="namespace" label="Namespace" value={filters.namespace} />
      <SearchFilter name="by" label="By" value={filters.by} />
      <SearchFilter name="rollout" label="Rollout" value={filters.rollout} />
    </FilterForm>
  );
}

function KindGroup({ family, chosen }: { family: string; chosen: string }) {
  const words = FAMILY_WORDS[family] ?? family;
  const kinds = AUDIT_KINDS.filter((kind) => familyOf(kind) === family);
  return (
    <optgroup label={words}>
      <option value={family} selected={family === chosen}>
        {`${words}: all`}
      </option>
      {kinds.map((kind) => (
        <option key={kind} value={kind} selected={kind === chosen}>
          {AUDIT_WORDS[kind]}
        </option>
      ))}
    </optgroup>
  );
}

function Entry({ entry }: { entry: StoredAuditEntry }) {
  const { at, kind, outcome, reason } = entry;
  return (
    <li class={`panel audit-entry ${OUTCOME_HUES[outcome]}`}>
      <div class="audit-entry-head">
        <h2>{AUDIT_WORDS[kind]}</h2>
        {outcome === 'ok' ? null : (
          <span class={`health-badge ${OUTCOME_HUES[outcome]}`}>{OUTCOME_WORDS[outcome]}</span>
        )}
        <span class="muted small">{whoWords(entry)}</span>
        <time class="muted small numbers audit-time" dateTime={machineTime(at)}>
          {utcTime(at)}
        </time>
      </div>
      {reason === '' ? null : <p class="audit-reason">{reason}</p>}
      <About entry={entry} />
    </li>
  );
}

/** What it is about, with links. */
function About({ entry: { rolloutId, release, channel, rule, namespaces = [], count = 0 } }: EntryProps) {
  const more = count - namespaces.length;
  const isAboutNothing = [rolloutId, release, channel, rule, ...namespaces].every(
    (part) => part === undefined,
  );
  if (isAboutNothing && more === 0) return null;
  return (
    <ul class="audit-about small">
      {rolloutId === undefined ? null : (
        <li>
          <span class="muted">rollout</span>{' '}
          <Link class="mono" href={`/rollouts/${rolloutId}`}>
            {rolloutId}
          </Link>
        </li>
      )}
      <Fact name="release" value={release} />
      <Fact name="channel" value={channel} />
      <Fact name="rule" value={rule} />
      {namespaces.map((namespace) => (
        <li key={namespace}>
          <Link href={`/status/${namespace}`}>{namespace}</Link>
        </li>
      ))}
      {more > 0 ? <li class="muted">{describeMore(more, namespaces.length)}</li> : null}
    </ul>
  );
}

function describeMore(more: number, named: number): string {
  return named === 0 ? countNamespaces(more) : `and ${more} more`;
}

interface EntryProps {
  readonly entry: StoredAuditEntry;
}

function Fact({ name, value }: { name: string; value: string | undefined }) {
  return value === undefined ? null : (
    <li>
      <span class="muted">{name}</span> <span class="mono">{value}</span>
    </li>
  );
}
