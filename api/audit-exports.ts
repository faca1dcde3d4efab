import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../domain/errors.ts';
import type { Core } from '../shared/core.ts';
import { type AuditQuery, allAuditEntries, type SearchedLog } from '../shared/state/find-audit-entries.ts';
import { boundWork } from './bound-work.ts';
import type { StreamedAnswer } from './route.ts';

export const JSON_LINES = 'application/x-ndjson';

/** Each takes a batch of entries in memory for as long as its client reads. */
const EXPORTS = { what: 'exports of the audit log', atOnce: 4, waiting: 0 } as const;
/** A client that reads nothing for so long has gone, or keeps others from their exports. */
const STALL_MS = 30_000;

/** Exports of the audit log as JSON Lines. */
export interface AuditExports {
  /** Takes a place until the answer has ended, or refuses with 429. */
  begin(query: AuditQuery): StreamedAnswer;
}

export interface AuditExportParts extends Pick<Core, 'log'> {
  readonly state: SearchedLog;
  readonly stallMs?: number;
}

export function openAuditExports({ state, log, stallMs = STALL_MS }: AuditExportParts): AuditExports {
  const bounds = boundWork(EXPORTS);

  /** As fast as the client reads. */
  async function send(response: ServerResponse, query: AuditQuery): Promise<void> {
    const leaving = new AbortController();
    response.once('close', () => leaving.abort());
    response.setTimeout(stallMs, () => response.destroy());
    response.writeHead(200, { 'content-type': JSON_LINES, 'cache-control': 'no-store' });
    await pipeline(linesOf(state, query, leaving.signal), response).catch((error: unknown) =>
      log.debug({ reason: messageOf(error) }, 'the client has left the export of the audit log'),
    );
  }

  return {
    begin: (query) => {
      const leave = bounds.enter();
      return { stream: (response) => void send(response, query).finally(leave) };
    },
  };
}

/** If entries cannot be read, the last line says so, and where to continue: nobody must take it for the end of the log. */
async function* linesOf(state: SearchedLog, query: AuditQuery, signal: AbortSignal): AsyncGenerator<string> {
  let next = query.cursor;
  try {
    for await (const entry of allAuditEntries(state, query, signal)) {
      next = entry.id;
      yield toLine(entry);
    }
  } catch (error) {
    if (signal.aborted) throw error;
    yield toLine({ error: `the export is incomplete: ${messageOf(error)}`, ...(next && { next }) });
  }
}

function toLine(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
