import type { FleetSummary } from '../../domain/fleet/fleet-summary.ts';
import { describeNotice } from '../../domain/fleet/notices.ts';

/** What stops deploys, and why data can be out of date: one line each, as on the pages. */
export function describeNotices({ notices, stale }: Pick<FleetSummary, 'notices' | 'stale'>): string[] {
  return [...notices.map(describeNotice), ...stale];
}
