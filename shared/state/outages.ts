import {
  NOTED_OUTAGE_MS,
  type Outage,
  outageEndEntry,
  outageEntry,
  pastOutageEntry,
} from '../../domain/audit/outage-entries.ts';
import { luaJson } from './lua-json.ts';
import type { StateConnection } from './state-connection.ts';

/** So long an outage counts as known after the last process that saw it. */
const TTL_SECONDS = 300;

/** What a process knows about an outage: it has begun, lasts, has ended, or has ended before it could be noted. */
export type OutagePhase = 'begin' | 'renew' | 'end' | 'past';

/** Outages in the audit log. */
export interface OutageNotes {
  /** Each process that sees the outage calls this; the first one's entry counts. */
  noteOutage(outage: Outage, phase: OutagePhase): Promise<void>;
}

export function openOutageNotes({ run, now }: StateConnection): OutageNotes {
  return {
    noteOutage: async (outage, phase) => {
      const at = now();
      const { kind, beganAt } = outage;
      await run('note-outage', {
        ...{ kind, phase, beganAt, at },
        notedMs: NOTED_OUTAGE_MS,
        entries: entriesOf(outage, phase, at).map(luaJson),
        ttlSeconds: TTL_SECONDS,
      });
    },
  };
}

function entriesOf(outage: Outage, phase: OutagePhase, at: number) {
  if (phase === 'begin') return [outageEntry(outage, at)];
  if (phase === 'end') return [outageEndEntry(outage, at)];
  return phase === 'past' ? [pastOutageEntry(outage, at)] : [];
}
