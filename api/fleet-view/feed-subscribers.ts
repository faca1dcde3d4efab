import isEqual from 'fast-deep-equal';
import type { FleetSummary } from '../../domain/fleet/fleet-summary.ts';
import type { FeedEvent, FleetView } from './fleet-view.ts';
import { POLL_INTERVAL_MS, type QueueStatsMonitor } from './queue-stats.ts';

interface Subscriber {
  readonly listener: (event: FeedEvent) => void;
  readonly onEnd: (() => void) | undefined;
}

/** The listeners of the view. While there are any, its numbers are polled, and a changed summary is sent. */
export interface FeedSubscribers extends Pick<FleetView, 'subscribe'> {
  emit(event: FeedEvent): void;
  close(): void;
}

export function createFeedSubscribers(
  stats: Pick<QueueStatsMonitor, 'refresh'>,
  summary: () => FleetSummary,
): FeedSubscribers {
  const subscribers = new Set<Subscriber>();
  let poll: NodeJS.Timeout | undefined;
  let lastSent: FleetSummary | undefined;
  let isClosed = false;

  function emit(event: FeedEvent): void {
    for (const { listener } of subscribers) listener(event);
  }

  async function sendSummary(): Promise<void> {
    await stats.refresh();
    const current = summary();
    if (isClosed || isEqual(current, lastSent)) return;
    lastSent = current;
    emit({ kind: 'summary', summary: current });
  }

  function unsubscribe(subscriber: Subscriber): void {
    subscribers.delete(subscriber);
    if (subscribers.size > 0) return;
    clearInterval(poll);
    poll = undefined;
    lastSent = undefined;
  }

  return {
    emit,
    subscribe: (listener, onEnd) => {
      const subscriber = { listener, onEnd };
      subscribers.add(subscriber);
      if (poll === undefined) {
        poll = setInterval(() => void sendSummary(), POLL_INTERVAL_MS);
        void sendSummary();
      }
      return () => unsubscribe(subscriber);
    },
    close: () => {
      isClosed = true;
      clearInterval(poll);
      for (const { onEnd } of [...subscribers]) onEnd?.();
      subscribers.clear();
    },
  };
}
