import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { eventsOf } from '../domain/audit/application-event.ts';
import type { StoredAuditEntry } from '../domain/audit/audit-list.ts';
import type { AuditReaders } from '../shared/state/audit-readers.ts';
import { followAudit } from './follow-audit.ts';
import type { EventPublisher } from './publish-events.ts';

/** What is older is history: the audit log has it. */
const NEWS_MS = 600_000;

export interface EventRelayOptions {
  readonly state: AuditReaders & { now(): number };
  readonly events: Pick<EventPublisher, 'publish'>;
  readonly log: Logger;
  readonly everyMs?: number;
}

/** Publishes what the audit log has about single namespaces. The workers share it: each entry is published by one of them. */
export function relayEvents({ state, events, log, everyMs }: EventRelayOptions): { stop(): Promise<void> } {
  const reader = state.readAudit('kubernetes-events', `${hostname()}-${process.pid}`);
  const onEntries = (entries: readonly StoredAuditEntry[]) => {
    const fresh = entries.filter(({ at }) => state.now() - at < NEWS_MS);
    for (const event of fresh.flatMap(eventsOf)) events.publish(event);
  };
  return followAudit({ reader, onEntries, log, everyMs });
}
