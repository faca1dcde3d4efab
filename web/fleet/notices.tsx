import { healthOfNotice } from '../../domain/fleet/notices.ts';
import { HealthIcon } from '../ui/icon.tsx';
import { AsOf } from '../ui/moment.tsx';
import { NoticeLines } from '../ui/notice-lines.tsx';
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
  const { stale, notices } = store.summary.value;
  const healths = [...notices.map(healthOfNotice), ...stale.map(() => 'outdated' as const)];
  const health = (['degraded', 'outdated'] as const).find((each) => healths.includes(each));
  // Without a release check it is not known what should run.
  const isStale = stale.length > 0 || notices.some(({ code }) => code === 'release_check_overdue');
  if (state === 'live') {
    return <span class={`live-badge ${health ?? 'healthy'}`}>{isStale ? 'Partly stale' : 'Live'}</span>;
  }
  return <span class="live-badge degraded">Reconnecting</span>;
}

/** What stops deploys, and why the data can be out of date. */
export function Notices({ store }: { store: FleetStore }) {
  const connection = store.connection.value;
  const { stale, notices } = store.summary.value;
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
      <NoticeLines notices={notices} stale={stale} />
    </div>
  );
}
