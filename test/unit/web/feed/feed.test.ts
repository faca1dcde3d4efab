import { describe, expect, test } from '@jest/globals';
import { createApiClient } from '../../../../client/api-client.ts';
import type { FleetNews } from '../../../../client/fleet-news.ts';
import { retryDelay } from '../../../../client/follow-fleet.ts';
import type { FleetDocument } from '../../../../domain/fleet/fleet-feed.ts';
import { startFeed } from '../../../../web/feed/feed.ts';
import { aFleetRow, aFleetSummary } from '../../../support/builders.ts';

const DOCUMENT: FleetDocument = {
  position: 'e.1',
  now: 5_000,
  summary: aFleetSummary([aFleetRow()]),
  rows: [aFleetRow()],
};

/** A connection to the event feed whose responses come from a test. */
class FakeStream {
  readonly url: string;
  readonly response: Promise<Response>;
  isClosed = false;
  #answer: (response: Response) => void = () => undefined;
  #body: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(url: string, signal: AbortSignal) {
    this.url = url;
    this.response = new Promise((resolve, reject) => {
      this.#answer = resolve;
      signal.addEventListener('abort', () => {
        this.isClosed = true;
        reject(signal.reason);
        this.#end((body) => body.error(signal.reason));
      });
    });
  }

  open(): void {
    const start = (body: ReadableStreamDefaultController<Uint8Array>) => {
      this.#body = body;
    };
    this.#answer(
      new Response(new ReadableStream({ start }), { headers: { 'content-type': 'text/event-stream' } }),
    );
  }

  send(name: string, data: unknown): void {
    const bytes = new TextEncoder().encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    // An aborted connection accepts no more data.
    if (!this.isClosed) this.#body?.enqueue(bytes);
  }

  end(): void {
    this.#end((body) => body.close());
  }

  #end(end: (body: ReadableStreamDefaultController<Uint8Array>) => void): void {
    const body = this.#body;
    this.#body = undefined;
    if (body) end(body);
  }
}

/** A browser whose clock only advances when a test moves it. */
function open(answers: (() => Response)[] = [() => Response.json(DOCUMENT)]) {
  let now = 1_000;
  let timers: { readonly at: number; readonly run: () => void }[] = [];
  const streams: FakeStream[] = [];
  const reported: FleetNews[] = [];
  const client = createApiClient({
    server: '',
    fetch: async (input, init) => {
      const url = String(input);
      if (url.startsWith('/api/fleet/events')) {
        const stream = new FakeStream(url, init?.signal ?? new AbortController().signal);
        streams.push(stream);
        return stream.response;
      }
      const answer = answers.shift();
      if (!answer) throw new TypeError('Failed to fetch');
      return answer();
    },
  });
  const feed = startFeed(client, (news) => reported.push(news), {
    now: () => now,
    startTimer: (ms, run) => {
      const timer = { at: now + ms, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((each) => each !== timer);
      };
    },
    random: () => 0.5,
  });
  const settle = async () => {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    feed,
    reported,
    streams,
    settle,
    connection: () => reported.filter((news) => news.kind === 'connection').at(-1)?.connection,
    pass: async (ms: number) => {
      now += ms;
      const due = timers.filter(({ at }) => at <= now);
      timers = timers.filter(({ at }) => at > now);
      for (const { run } of due) run();
      await settle();
    },
  };
}

async function openLive() {
  const world = open();
  await world.settle();
  world.streams[0]?.open();
  await world.settle();
  return world;
}

describe('the feed', () => {
  test('reads the fleet once, then listens from its position', async () => {
    const { reported, streams, connection } = await openLive();

    expect(reported[0]).toEqual({ kind: 'connection', connection: { state: 'live' } });
    expect(reported).toContainEqual({ kind: 'document', document: DOCUMENT });
    expect(streams.map(({ url }) => url)).toEqual(['/api/fleet/events?since=e.1']);
    expect(connection()).toEqual({ state: 'live' });
  });

  test('passes changes on', async () => {
    const { reported, streams, settle } = await openLive();
    const event = { position: 'e.2', rows: [aFleetRow({ health: 'progressing' })], gone: [] };

    streams[0]?.send('rows', event);
    streams[0]?.send('summary', aFleetSummary([], { workers: 7 }));
    streams[0]?.send('tick', { now: 9_000 });
    await settle();

    expect(reported.slice(-3)).toEqual([
      { kind: 'rows', event },
      { kind: 'summary', summary: aFleetSummary([], { workers: 7 }) },
      { kind: 'tick', now: 9_000 },
    ]);
  });

  test('reconnects from the latest position when the connection ends, and reports since when it is lost', async () => {
    const { streams, connection, pass, settle } = await openLive();
    streams[0]?.send('rows', { position: 'e.8', rows: [], gone: [] });
    await settle();
    await pass(3_000);
    streams[0]?.end();
    await settle();

    expect(connection()).toEqual({
      state: 'lost',
      heardAt: 1_000,
      reason: 'the API has closed the connection',
    });
    await pass(60_000);
    expect(streams.map(({ url }) => url)).toEqual([
      '/api/fleet/events?since=e.1',
      '/api/fleet/events?since=e.8',
    ]);
    expect(streams[0]?.isClosed).toBe(true);
    streams[1]?.open();
    await settle();
    expect(connection()).toEqual({ state: 'live' });
  });

  test('treats silence as a lost connection', async () => {
    const { streams, connection, pass, settle } = await openLive();
    await pass(6_000);
    streams[0]?.send('tick', { now: 1 });
    await settle();
    await pass(9_000);
    expect(connection()).toEqual({ state: 'live' });

    await pass(1_001);

    expect(connection()).toMatchObject({ state: 'lost', reason: 'no data received for 10 s' });
    expect(streams[0]?.isClosed).toBe(true);
  });

  test('ignores data of a connection that it has aborted', async () => {
    const { reported, streams, pass, settle } = await openLive();
    await pass(10_001);
    await pass(60_000);
    const before = reported.length;

    expect(streams[0]?.isClosed).toBe(true);
    streams[0]?.send('rows', { position: 'e.9', rows: [], gone: ['team-a'] });
    await settle();

    expect(reported).toHaveLength(before);
  });

  test('replaces everything on a reset', async () => {
    const { feed, streams, settle } = await openLive();
    const document = { ...DOCUMENT, position: 'f.1', rows: [aFleetRow({ namespace: 'other' })] };

    streams[0]?.send('reset', document);
    await settle();

    expect(feed.replay()[0]).toMatchObject({
      kind: 'document',
      document: { position: 'f.1', rows: document.rows },
    });
  });

  test("reports the API's error while it has no data yet, and retries", async () => {
    const { reported, connection, settle, pass } = open([
      () =>
        Response.json(
          { detail: 'Redis is not connected' },
          { status: 503, headers: { 'content-type': 'application/problem+json' } },
        ),
      () => Response.json(DOCUMENT),
    ]);
    await settle();
    expect(connection()).toMatchObject({ state: 'lost', reason: 'Redis is not connected' });

    await pass(60_000);

    expect(reported).toContainEqual({ kind: 'document', document: DOCUMENT });
  });

  test('replays the current state for a new subscriber', async () => {
    const { feed, streams, pass, settle } = await openLive();
    streams[0]?.send('rows', { position: 'e.2', rows: [aFleetRow({ namespace: 'b' })], gone: ['team-a'] });
    await settle();
    await pass(2_000);

    expect(feed.replay()).toEqual([
      // The server's clock keeps running while no data arrives.
      {
        kind: 'document',
        document: { ...DOCUMENT, position: 'e.2', now: 7_000, rows: [aFleetRow({ namespace: 'b' })] },
      },
      { kind: 'connection', connection: { state: 'live' } },
    ]);
  });

  test('reconnects immediately when woken up, and opens no second connection', async () => {
    const { feed, streams, pass, settle } = await openLive();
    feed.wake();
    await pass(0);
    expect(streams).toHaveLength(1);
    streams[0]?.end();
    await settle();

    feed.wake();
    await pass(0);

    expect(streams).toHaveLength(2);
  });

  test('reports nothing once it is closed', async () => {
    const { feed, streams, reported, pass } = await openLive();
    feed.close();
    const before = reported.length;

    streams[0]?.end();
    await pass(60_000);

    expect(streams).toHaveLength(1);
    expect(reported).toHaveLength(before);
  });
});

describe('retryDelay', () => {
  test('grows to a limit, is never zero, and differs between browsers', () => {
    expect(retryDelay(0, 0)).toBeGreaterThan(0);
    expect(retryDelay(1, 1)).toBeGreaterThan(retryDelay(0, 1));
    expect(retryDelay(50, 1)).toBe(retryDelay(60, 1));
    expect(retryDelay(5, 0.2)).not.toBe(retryDelay(5, 0.9));
  });
});
