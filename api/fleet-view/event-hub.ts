import type { ServerResponse } from 'node:http';
import { TICK_INTERVAL_MS } from '../../domain/fleet/fleet-feed.ts';
import type { FeedEvent, FleetView } from './fleet-view.ts';

/** The backlog allowed per client after its first answer; a slower client is disconnected, and can reconnect. */
const BACKLOG_BYTES = 4 * 1024 * 1024;
/** A browser reconnects after this delay. */
const RECONNECT_MS = 1_000;
/** Requests within this time share one full document, for example after a restart of the API. */
const DOCUMENT_KEPT_MS = 500;

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // A proxy that buffers the response would delay events.
  'x-accel-buffering': 'no',
};

/** Sends the view's events to all listeners, as server-sent events. */
export interface EventHub {
  /** Sends the changes since a position, then every new change, until either side closes. */
  attach(response: ServerResponse, since: string | undefined): void;
  /** The current number of listeners. */
  listeners(): number;
}

/**
 * An event is serialized once, and all clients get the same buffer, so that another listener, or a slow one, costs little.
 * (better-sse would serialize for each listener, and has no limit for those that do not read.)
 */
export function createEventHub(view: FleetView, backlogBytes: number = BACKLOG_BYTES): EventHub {
  /** Each with its backlog limit in bytes. */
  const clients = new Map<ServerResponse, number>();
  let tick: NodeJS.Timeout | undefined;
  let unsubscribe: () => void = () => undefined;
  let kept: { readonly bytes: Buffer; readonly position: string; readonly at: number } | undefined;

  function open(): void {
    unsubscribe = view.subscribe(onEvent, () => {
      for (const response of clients.keys()) response.end();
    });
    tick = setInterval(() => {
      const { position, now } = view.document();
      broadcast(encode('tick', position, { now }));
    }, TICK_INTERVAL_MS);
  }

  function onEvent(event: FeedEvent): void {
    if (event.kind === 'rows') broadcast(encode('rows', event.event.position, event.event));
    else broadcast(encode('summary', view.document().position, event.summary));
  }

  function broadcast(bytes: Buffer): void {
    for (const [response, limit] of clients) {
      if (response.writableLength > limit) response.destroy();
      else response.write(bytes);
    }
  }

  function detach(response: ServerResponse): void {
    if (!clients.delete(response) || clients.size > 0) return;
    unsubscribe();
    clearInterval(tick);
    kept = undefined;
  }

  function firstAnswer(since: string | undefined): Buffer[] {
    const changes = since === undefined ? undefined : view.changesSince(since);
    if (!changes) return [wholeFleet()];
    const summary = encode('summary', changes.position, view.summary());
    if (changes.rows.length + changes.gone.length === 0) return [summary];
    return [encode('rows', changes.position, changes), summary];
  }

  function wholeFleet(): Buffer {
    const document = view.document();
    const { position, now } = document;
    if (kept?.position === position && now - kept.at < DOCUMENT_KEPT_MS) return kept.bytes;
    kept = { bytes: encode('reset', position, document), position, at: now };
    return kept.bytes;
  }

  return {
    listeners: () => clients.size,
    attach: (response, since) => {
      response.writeHead(200, HEADERS);
      if (response.req.method === 'HEAD') return void response.end();
      response.socket?.setNoDelay(true);
      response.write(`retry: ${RECONNECT_MS}\n\n`);
      const answer = firstAnswer(since);
      for (const bytes of answer) response.write(bytes);
      clients.set(response, backlogBytes + answer.reduce((sum, bytes) => sum + bytes.length, 0));
      response.once('close', () => detach(response));
      if (clients.size === 1) open();
    },
  };
}

/** JSON has no line breaks of its own, so one `data` line holds it. */
function encode(event: string, id: string, data: unknown): Buffer {
  return Buffer.from(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}
