import type { RequestHandler } from 'express';
import { parseMoment } from '../../domain/audit/parse-moment.ts';
import { type AuditQuery, findAuditEntries } from '../../shared/state/find-audit-entries.ts';
import { type AuditFilters, ENTRIES_SHOWN, parseFilters } from '../../web/audit/audit-filters.ts';
import { AuditPage } from '../../web/audit/audit-page.tsx';
import type { AuditPageState } from '../../web/audit/page-state.ts';
import type { Assets } from './assets.ts';
import { orExplain } from './or-explain.tsx';
import { type PageSources, sendPage } from './send-page.tsx';

/** `GET /audit`: the entries that the filters of its URL show, newest first. */
export function auditPage(
  { state: stored, settings, view }: Pick<PageSources, 'state' | 'settings' | 'view'>,
  assets: Assets,
): RequestHandler {
  return orExplain({ settings, assets, what: 'audit' }, async (request, response) => {
    const filters = parseFilters(new URL(request.originalUrl, 'http://page').searchParams);
    const query = { ...toQuery(filters, Date.now()), limit: ENTRIES_SHOWN };
    const [list] = await Promise.all([findAuditEntries(stored, query), view.refresh()]);
    const { notices, stale } = view.summary();
    const state: AuditPageState = {
      list,
      filters,
      notices: { notices, stale },
      environmentLabel: settings.environmentLabel,
    };
    const page = <AuditPage {...state} />;
    sendPage(request, response, assets, { title: 'Audit', script: 'audit.tsx', state, page });
  });
}

function toQuery({ kind, since, outcome, ...filters }: AuditFilters, now: number): AuditQuery {
  return {
    kinds: kind === '' ? undefined : [kind],
    outcome: outcome || undefined,
    since: parseMoment(since, now),
    namespace: filters.namespace || undefined,
    by: filters.by || undefined,
    rollout: filters.rollout || undefined,
    cursor: filters.cursor || undefined,
  };
}
