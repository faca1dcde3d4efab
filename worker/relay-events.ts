import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { eventsOf } from '../domain/audit/application-event.ts';
import { messageOf } from '../domain/errors.ts';
import type { AuditReaders } from '../shared/state/audit-readers.ts';
import type { EventPublisher } from './publish-events.ts';

const EVERY_MS = 1_000;
const AT_ONCE = 200;
/** What is older is history: the audit log has it. */
const NEWS_MS = 600_000;

export interface EventRelayOptions {
  readonly state: AuditReaders & { now(): number };
  readonly events: Pick<EventPublisher, 'publish'>;
  readonly log: Logger;
  readonly everyMs?: number;
}

/** Publishes what the audit log has about single namespaces. The workers share it: each entry is published by one of them. */
export function relayEvents({ state, events, log, everyMs = EVERY_MS }: EventRelayOptions): {
  stop(): Promise<void>;
} {
  const reader = state.readAudit('kubernetes-events', `${hostname()}-${process.pid}`);
  let relaying: Promise<void> | undefined;

  async function relayNew(): Promise<void> {
    for (;;) {
      const entries = await reader.take(AT_ONCE);
      const fresh = entries.filter(({ at }) => state.now() - at < NEWS_MS);
      for (const event of fresh.flatMap(eventsOf)) events.publish(event);
      await reader.done(entries);
      if (entries.length < AT_ONCE) return;
    }
  }

  const timer = setInterval(() => {
    relaying ??= relayNew()
      .catch((error: unknown) => log.debug({ reason: messageOf(error) }, 'the audit log cannot be read'))
      .finally(() => {
        relaying = undefined;
      });
  }, everyMs);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await relaying;
      await reader.leave().catch(() => undefined);
    },
  };
}
