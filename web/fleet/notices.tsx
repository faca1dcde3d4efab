import { HealthIcon } from '../ui/icon.tsx';
import { AsOf } from '../ui/moment.tsx';
import { wallClock } from '../ui/relative-time.ts';
import type { FleetStore } from './fleet-store.ts';

/** In the top bar: whether the page is current. */
export function LiveBadge({ store }: { store: FleetStore }) {
  const { state } = store.connection.value;
  if (state === 'connecting') {
    return (
      <span class="live-badge muted" title="When this page was rendered">
        <AsOf now={store.now} />
      </span>
    );
  }
  const { stale, lastReleaseCheck } = store.summary.value;
  const health = lastReleaseCheck?.problem === undefined ? 'outdated' : 'degraded';
  const isStale = stale.length > 0;
  if (state === 'live') {
    return (
      <span class={`live-badge ${isStale ? health : 'healthy'}`}>{isStale ? 'Partly stale' : 'Live'}</span>
    );
  }
  return <span class="live-badge degraded">Reconnecting</span>;
}

/** Why the data can be out of date. */
export function Notices({ store }: { store: FleetStore }) {
  const connection = store.connection.value;
  const { stale, lastReleaseCheck } = store.summary.value;
  return (
    <div class="notices" aria-live="polite">
      {connection.state === 'lost' ? (
        <p class="notice degraded">
          <HealthIcon health="degraded" />
          <span>
            <strong>Connection lost, reconnecting.</strong> What you see is from{' '}
            {wallClock(connection.heardAt)}
            <span class="muted">: {connection.reason}</span>
          </span>
        </p>
      ) : null}
      {stale.map((reason) => {
        // Stale data is a warning; release checks that have stopped are a failure.
        const health = reason === lastReleaseCheck?.problem ? 'degraded' : 'outdated';
        return (
          <p class={`notice ${health}`} key={reason}>
            <HealthIcon health={health} />
            <span>{reason}</span>
          </p>
        );
      })}
    </div>
  );
}
