import type { FleetSummary } from '../../domain/fleet/fleet-summary.ts';
import { healthOfNotice } from '../../domain/fleet/notices.ts';
import { HealthIcon } from './icon.tsx';
import { Link } from './link.tsx';

/** What stops deploys, and why data can be out of date: the same lines on every page. */
export function NoticeLines({ notices, stale }: Pick<FleetSummary, 'notices' | 'stale'>) {
  return (
    <>
      {notices.map((notice) => (
        <p class={`notice ${healthOfNotice(notice)}`} key={notice.code}>
          <HealthIcon health={healthOfNotice(notice)} />
          <span>
            {notice.message} <span class="muted">{notice.remedy}</span>
            {notice.code === 'rollout_paused' ? (
              <>
                {' '}
                <Link href="/rollouts?state=paused">Show paused rollouts</Link>
              </>
            ) : null}
          </span>
        </p>
      ))}
      {stale.map((reason) => (
        <p class="notice outdated" key={reason}>
          <HealthIcon health="outdated" />
          <span>{reason}</span>
        </p>
      ))}
    </>
  );
}
