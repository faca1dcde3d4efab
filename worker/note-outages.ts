import type { Logger } from 'pino';
import {
  NOTED_OUTAGE_MS,
  OUTAGE_KINDS,
  type Outage,
  type OutageKind,
} from '../domain/audit/outage-entries.ts';
import { messageOf } from '../domain/errors.ts';
import type { OutageNotes } from '../shared/state/outages.ts';

const CHECK_EVERY_MS = 5_000;

export interface OutageNoteOptions {
  /** Why Redis, or the API server, cannot be used; undefined while it can. */
  readonly problemOf: (kind: OutageKind) => string | undefined;
  readonly state: OutageNotes;
  readonly log: Logger;
  readonly everyMs?: number;
  readonly notedMs?: number;
}

/** Notes outages that last longer than a minute, and their end. An outage of Redis is noted when it is over. */
export function noteOutages({
  problemOf,
  state,
  log,
  everyMs = CHECK_EVERY_MS,
  notedMs = NOTED_OUTAGE_MS,
}: OutageNoteOptions): { stop(): void } {
  const known = new Map<OutageKind, Outage & { isNoted: boolean }>();

  async function check(kind: OutageKind): Promise<void> {
    const reason = problemOf(kind);
    const outage = known.get(kind);
    if (reason === undefined) return outage && end(outage);
    const current = outage ?? { kind, beganAt: Date.now(), reason, isNoted: false };
    known.set(kind, current);
    const isLong = Date.now() - current.beganAt >= notedMs;
    if (!isLong || problemOf('redis') !== undefined) return;
    await state.noteOutage(current, current.isNoted ? 'renew' : 'begin');
    current.isNoted = true;
  }

  async function end(outage: Outage & { readonly isNoted: boolean }): Promise<void> {
    const isLong = Date.now() - outage.beganAt >= notedMs;
    if (outage.isNoted) await state.noteOutage(outage, 'end');
    else if (isLong) await state.noteOutage(outage, 'past');
    known.delete(outage.kind);
  }

  const timer = setInterval(() => {
    for (const kind of OUTAGE_KINDS)
      check(kind).catch((error: unknown) =>
        log.debug({ reason: messageOf(error) }, 'the outage is not in the audit log yet'),
      );
  }, everyMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
