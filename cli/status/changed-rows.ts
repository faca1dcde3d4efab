import type { FleetNews } from '../../client/fleet-news.ts';
import type { FleetRow } from '../../domain/fleet/fleet-row.ts';

export interface ChangedRows {
  readonly changed: readonly FleetRow[];
  /** Names of deleted namespaces. */
  readonly gone: readonly string[];
}

/** The rows that news change; of a full document only those that differ. */
export function changedRows(news: FleetNews, before: ReadonlyMap<string, FleetRow>): ChangedRows {
  switch (news.kind) {
    case 'document': {
      const { rows } = news.document;
      const names = new Set(rows.map(({ namespace }) => namespace));
      return {
        changed: rows.filter((row) => !isSame(row, before.get(row.namespace))),
        gone: [...before.keys()].filter((namespace) => !names.has(namespace)),
      };
    }
    case 'rows':
      return { changed: news.event.rows, gone: news.event.gone };
    default:
      return { changed: [], gone: [] };
  }
}

function isSame(a: FleetRow, b: FleetRow | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
