import { useContext } from 'preact/hooks';
import { AUDIT_KINDS } from '../../domain/audit/audit-entry.ts';
import { AUDIT_FAMILIES, familyOf } from '../../domain/audit/audit-filter.ts';
import type { StoredAuditEntry } from '../../domain/audit/audit-list.ts';
import { BasePath, Link } from '../ui/link.tsx';
import { absolute, machineTime } from '../ui/relative-time.ts';
import { TopBar } from '../ui/top-bar.tsx';
import { AGES, type AuditFilters, formatFilters, isFiltered, OUTCOMES } from './audit-filters.ts';
import type { AuditPageState } from './page-state.ts';
import { AUDIT_WORDS, FAMILY_WORDS, OUTCOME_HUES, OUTCOME_WORDS, whoWords } from './words.ts';

/** `/audit`: who did what, when, why, and with what outcome. It needs no script. */
export function AuditPage({ list, filters, environmentLabel }: AuditPageState) {
  const { entries, next } = list;
  const isNewest = filters.cursor === '';
  return (
    <>
      <TopBar current="audit" environmentLabel={environmentLabel} />
      <main id="main" class="namespace-page">
        <h1>Audit</h1>
        <Filters filters={filters} />
        {entries.length === 0 ? <Nothing filters={filters} next={next} /> : null}
        <ul class="audit-list">
          {entries.map((entry) => (
            <Entry key={entry.id} entry={entry} />
          ))}
        </ul>
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

/** A plain form: its fields are the query of the URL. */
function Filters({ filters }: { filters: AuditFilters }) {
  const base = useContext(BasePath);
  const submit = (event: Event) => (event.currentTarget as HTMLSelectElement).form?.requestSubmit();
  return (
    <search>
      <form method="get" action={`${base}/audit`} class="rollout-filters audit-filters">
        <select class={selectClass(filters.kind)} name="kind" aria-label="What" onChange={submit}>
          <option value="">Everything</option>
          {AUDIT_FAMILIES.map((family) => (
            <KindGroup key={family} family={family} chosen={filters.kind} />
          ))}
        </select>
        <select class={selectClass(filters.outcome)} name="outcome" aria-label="Outcome" onChange={submit}>
          <option value="">Any outcome</option>
          {OUTCOMES.map((outcome) => (
            <option key={outcome} value={outcome} selected={outcome === filters.outcome}>
              {OUTCOME_WORDS[outcome]}
            </option>
          ))}
        </select>
        <select class={selectClass(filters.since)} name="since" aria-label="Since" onChange={submit}>
          <option value="">Any time</option>
          {AGES.map(([age, words]) => (
            <option key={age} value={age} selected={age === filters.since}>
              {words}
            </option>
          ))}
        </select>
        <TextFilter name="namespace" label="Namespace" value={filters.namespace} />
        <TextFilter name="by" label="By" value={filters.by} />
        <TextFilter name="rollout" label="Rollout" value={filters.rollout} />
        <button type="submit" class="button">
          Apply
        </button>
        {isFiltered(filters) ? (
          <Link class="button quiet" href="/audit">
            Clear filters
          </Link>
        ) : null}
      </form>
    </search>
  );
}

function selectClass(value: string): string {
  return value === '' ? 'select' : 'select on';
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

function TextFilter({ name, label, value }: { name: string; label: string; value: string }) {
  return (
    <label class="audit-text">
      <span class="visually-hidden">{label}</span>
      <input
        class="field"
        type="search"
        name={name}
        placeholder={label}
        autoComplete="off"
        spellcheck={false}
        defaultValue={value}
      />
    </label>
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
          {absolute(at)}
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
  if (isAboutNothing) return null;
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
      {more > 0 ? <li class="muted">{`and ${more} more`}</li> : null}
    </ul>
  );
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
