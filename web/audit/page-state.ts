import type { AuditList } from '../../domain/audit/audit-list.ts';
import type { AuditFilters } from './audit-filters.ts';

/** What the audit page is rendered from, both on the server and in the browser. */
export interface AuditPageState {
  readonly list: AuditList;
  readonly filters: AuditFilters;
  readonly environmentLabel?: string | undefined;
}
