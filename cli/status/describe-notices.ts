import type { FleetSummary } from '../../domain/fleet/fleet-summary.ts';
import { describeNotice } from '../../domain/fleet/notices.ts';

type Notices = Pick<FleetSummary, 'notices' | 'stale'>;

/** What stops deploys, and why data can be out of date: one line each, as on the pages. */
export function describeNotices({ notices, stale }: Notices): string[] {
  return [...notices.map(describeNotice), ...stale];
}

/** Without what somebody has set on purpose: a script that runs each minute would log it each minute. */
export function describeWarnings({ notices, stale }: Notices): string[] {
  return describeNotices({ notices: notices.filter(({ code }) => code !== 'auto_update_off'), stale });
}
