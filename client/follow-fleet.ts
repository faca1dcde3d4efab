import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../domain/errors.ts';
import {
  type FleetDocument,
  type RowsEvent,
  TICK_INTERVAL_MS,
  type TickEvent,
} from '../domain/fleet/fleet-feed.ts';
import type { FleetSummary } from '../domain/fleet/fleet-summary.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './problem.ts';
import { readEvents, type ServerSentEvent } from './server-sent-events.ts';

/** What happened to the fleet, or to the connection. */
export type FleetNews =
  | { readonly kind: 'fleet'; readonly document: FleetDocument }
  | { readonly kind: 'rows'; readonly event: RowsEvent }
  | { readonly kind: 'summary'; readonly summary: FleetSummary }
  | { readonly kind: 'tick'; readonly now: number }
  | { readonly kind: 'connected' }
  | { readonly kind: 'lost'; readonly reason: string };

const SILENCE_MS = 2 * TICK_INTERVAL_MS;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/**
 * The whole fleet, then everything that changes, for ever: a connection that is lost, or falls silent, is opened again where
 * it was. Throws where the very first question is not answered, or where the API refuses.
 */
export async function* followFleet(client: ApiClient, silenceMs = SILENCE_MS): AsyncGenerator<FleetNews> {
  const document = await client.get<FleetDocument>('/api/fleet');
  yield { kind: 'fleet', document };
  let { position } = document;
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    try {
      for await (const news of connect(client, position, silenceMs)) {
        if (news.kind === 'fleet') position = news.document.position;
        if (news.kind === 'rows') position = news.event.position;
        pauseMs = FIRST_PAUSE_MS;
        yield news;
      }
      yield { kind: 'lost', reason: 'the API has closed the connection' };
    } catch (error) {
      if (error instanceof ApiError && !error.isPassing) throw error;
      yield { kind: 'lost', reason: messageOf(error) };
    }
    await pause(pauseMs);
    pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs);
  }
}

async function* connect(client: ApiClient, position: string, silenceMs: number): AsyncGenerator<FleetNews> {
  const controller = new AbortController();
  const silence = setTimeout(
    () => controller.abort(new Error(`nothing heard for ${silenceMs / 1_000} s`)),
    silenceMs,
  );
  try {
    const path = `/api/fleet/events?since=${encodeURIComponent(position)}`;
    const chunks = await client.stream(path, controller.signal);
    yield { kind: 'connected' };
    for await (const event of readEvents(chunks)) {
      silence.refresh();
      const news = toNews(event);
      if (news !== undefined) yield news;
    }
  } finally {
    clearTimeout(silence);
    controller.abort();
  }
}

/** Kinds that a newer API may send are passed over. */
function toNews({ event, data }: ServerSentEvent): FleetNews | undefined {
  switch (event) {
    case 'reset':
      return { kind: 'fleet', document: JSON.parse(data) as FleetDocument };
    case 'rows':
      return { kind: 'rows', event: JSON.parse(data) as RowsEvent };
    case 'summary':
      return { kind: 'summary', summary: JSON.parse(data) as FleetSummary };
    case 'tick':
      return { kind: 'tick', now: (JSON.parse(data) as TickEvent).now };
    default:
      return undefined;
  }
}
