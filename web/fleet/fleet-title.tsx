import type { FleetSummary } from '../../domain/fleet/fleet-summary.ts';
import { Link } from '../ui/link.tsx';
import type { FleetStore } from './fleet-store.ts';
import { formatSelection } from './url-state.ts';
import { namespaces, number } from './words.ts';

/** The size of the fleet, its workers and queue. */
export function FleetTitle({ store }: { store: FleetStore }) {
  return (
    <div class="fleet-title">
      <h1>{store.isRead.value ? namespaces(store.summary.value.namespaces) : 'Fleet'}</h1>
      <Export store={store} />
      <QueueStats summary={store.summary.value} />
    </div>
  );
}

/** What the table shows, for a spreadsheet; and all of it, for a program. */
function Export({ store }: { store: FleetStore }) {
  return (
    <p class="export muted small">
      Export{' '}
      <Link href={`/api/fleet.csv${formatSelection(store.selection.value)}`} download="skipper-fleet.csv">
        CSV
      </Link>{' '}
      <Link href="/api/fleet">JSON</Link>
    </p>
  );
}

function QueueStats({ summary: { workers, queue } }: { summary: Pick<FleetSummary, 'workers' | 'queue'> }) {
  if (workers === undefined || queue === undefined) {
    return <p class="muted">Worker and queue counts are unavailable.</p>;
  }
  return (
    <dl class="stats numbers">
      <Vital word={workers === 1 ? 'worker' : 'workers'} value={workers} isBad={workers === 0} />
      <Vital word="queued" value={queue.waiting} />
      <Vital word="active" value={queue.active} />
      <Vital word="delayed" value={queue.delayed} />
    </dl>
  );
}

function Vital({ word, value, isBad }: { word: string; value: number; isBad?: boolean }) {
  return (
    <div class={`vital${isBad ? ' degraded' : ''}${value === 0 ? ' zero' : ''}`}>
      <dt>{word}</dt>
      <dd>{number(value)}</dd>
    </div>
  );
}
