import type { AuditList } from '../../domain/audit/audit-list.ts';
import type { FleetSummary } from '../../domain/fleet/fleet-summary.ts';
import type { AuditFilters } from './audit-filters.ts';

/** What the audit page is rendered from, both on the server and in the browser. */
export interface AuditPageState {
  readonly list: AuditList;
  readonly filters: AuditFilters;
  /** What does not happen in the whole fleet, such as healing that is stopped. */
  readonly notices: Pick<FleetSummary, 'notices' | 'stale'>;
  readonly environmentLabel?: string | undefined;
}
