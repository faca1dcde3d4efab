import type { FleetSummary } from '../../domain/fleet/fleet-summary.ts';
import { healthOfNotice, type Notice } from '../../domain/fleet/notices.ts';
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
            <More code={notice.code} />
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

/** Where a notice is explained. */
const PAGES: Readonly<Partial<Record<Notice['code'], readonly [href: string, text: string]>>> = {
  rollout_paused: ['/rollouts?state=paused', 'Show paused rollouts'],
  healing_overdue: ['/healing', 'Show healing'],
  healing_blocked: ['/healing', 'Show healing'],
  healing_stopped: ['/healing', 'Show healing'],
  heal_cap_used: ['/healing?state=stopped', 'Show them'],
  namespaces_quarantined: ['/healing?state=quarantined', 'Show the quarantine'],
};

function More({ code }: Pick<Notice, 'code'>) {
  const page = PAGES[code];
  if (page === undefined) return null;
  const [href, text] = page;
  return (
    <>
      {' '}
      <Link href={href}>{text}</Link>
    </>
  );
}
