import type { ComponentChildren } from 'preact';
import { HEALTH_WORDS, STATUS_WORDS } from '../fleet/words.ts';
import { Fact } from '../ui/fact.tsx';
import { HealthIcon } from '../ui/icon.tsx';
import { Link } from '../ui/link.tsx';
import { Since } from '../ui/moment.tsx';
import { until } from '../ui/relative-time.ts';
import type { NamespaceStore } from './namespace-store.ts';

/** The namespace and its state at a glance. */
export function NamespaceHeader({
  store,
  children,
}: {
  store: NamespaceStore;
  children?: ComponentChildren;
}) {
  const { row } = store.details.value;
  const isMoving = row.wanted !== '' && row.wanted !== row.version;
  return (
    <header class="namespace-header">
      <nav class="crumbs" aria-label="Where you are">
        <Link href="/status">Fleet</Link> <span aria-hidden="true">/</span>{' '}
        <span class="muted">{row.namespace}</span>
      </nav>
      <div class="namespace-title">
        <h1>{row.namespace}</h1>
        <span class={`health-badge ${row.health}`} title={HEALTH_WORDS[row.health].meaning}>
          <HealthIcon health={row.health} />
          {HEALTH_WORDS[row.health].word}
        </span>
        <div class="namespace-actions">{children}</div>
      </div>
      <dl class="facts">
        <Fact name="Status">{STATUS_WORDS[row.status]}</Fact>
        <Fact name="Channel">{row.channel || '–'}</Fact>
        <Fact name="Version">
          <span class="mono">{row.version || 'none'}</span>
          {isMoving ? (
            <>
              {' → '}
              <span class="mono">{row.wanted}</span>
            </>
          ) : null}
        </Fact>
        <Fact name="Activity">
          {row.activity}
          {row.retryAt !== undefined && row.activity === 'retrying'
            ? `, next ${until(store.now.value, row.retryAt)}`
            : ''}
        </Fact>
        {row.since === undefined ? null : (
          <Fact name="In this state for">
            <Since at={row.since} now={store.now} />
          </Fact>
        )}
      </dl>
    </header>
  );
}
