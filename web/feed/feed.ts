import {
  type FleetDocument,
  type RowsEvent,
  TICK_INTERVAL_MS,
  type TickEvent,
} from '../../domain/fleet/fleet-feed.ts';
import type { FleetSummary } from '../../domain/fleet/fleet-summary.ts';
import type { Connection, FeedMessage } from './feed-messages.ts';
import { applyRows, type FleetState, fromDocument, rowsOf } from './fleet-state.ts';

/** Whoever hears nothing for so long is cut off. */
const SILENCE_MS = 2 * TICK_INTERVAL_MS;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 8_000;

/** What a feed needs of the browser; tests bring their own. */
export interface FeedEnvironment {
  readonly fetch: typeof fetch;
  readonly openEvents: (url: string) => EventSource;
  readonly now: () => number;
  readonly setTimer: (run: () => void, ms: number) => number;
  readonly clearTimer: (timer: number) => void;
  readonly random: () => number;
}

export interface Feed {
  /** All that is known, for who comes later; empty before the first document. */
  replay(): FeedMessage[];
  /** Tries at once where it waits to try again. */
  wake(): void;
  close(): void;
}

/** How long to wait before another attempt: exponential with full jitter, never none. */
export function retryDelay(attempt: number, random: number): number {
  const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt);
  return Math.round(FIRST_RETRY_MS / 2 + random * longest);
}

/**
 * Follows the fleet for as long as it is open: the whole document once, then what changes. It opens every connection
 * itself, because an EventSource gives up for good when a proxy answers 502.
 */
export function followFleet(environment: FeedEnvironment, tell: (message: FeedMessage) => void): Feed {
  const { openEvents, now, setTimer, clearTimer, random } = environment;
  let state: FleetState | undefined;
  let summary: FleetSummary | undefined;
  let connection: Connection = { state: 'connecting' };
  let events: EventSource | undefined;
  let timer: number | undefined;
  let clockOffset = 0;
  let heardAt = now();
  let attempt = 0;
  let isClosed = false;

  function say(next: Connection): void {
    if (connection.state === next.state && next.state !== 'lost') return;
    connection = next;
    tell({ kind: 'connection', connection });
  }

  function after(ms: number, run: () => void): void {
    if (timer !== undefined) clearTimer(timer);
    timer = setTimer(run, ms);
  }

  /** Anything at all from the API: the line is alive, and is given up after the next silence. */
  function heard(serverNow?: number): void {
    heardAt = now();
    attempt = 0;
    if (serverNow !== undefined) clockOffset = serverNow - heardAt;
    say({ state: 'live' });
    after(SILENCE_MS, () => lose('nothing was heard for too long'));
  }

  function lose(reason: string): void {
    if (isClosed) return;
    events?.close();
    events = undefined;
    say({ state: 'lost', heardAt, reason });
    after(retryDelay(attempt, random()), () => void connect());
    attempt += 1;
  }

  function take(document: FleetDocument): void {
    state = fromDocument(document);
    summary = document.summary;
    heard(document.now);
    tell({ kind: 'document', document });
  }

  async function connect(): Promise<void> {
    try {
      if (!state) take(await readFleet(environment));
      if (!isClosed && state) listen(state.position);
    } catch (error) {
      lose(error instanceof Error ? error.message : String(error));
    }
  }

  function listen(position: string): void {
    events?.close();
    const source = openEvents(`/api/fleet/events?since=${encodeURIComponent(position)}`);
    events = source;
    const on = <Data>(name: string, handle: (data: Data) => void) => {
      source.addEventListener(name, (event) => {
        if (events === source) handle(JSON.parse((event as MessageEvent<string>).data) as Data);
      });
    };
    source.addEventListener('open', () => events === source && heard());
    source.addEventListener('error', () => events === source && lose('the connection has ended'));
    on<FleetDocument>('reset', take);
    on<TickEvent>('tick', ({ now: serverNow }) => {
      heard(serverNow);
      tell({ kind: 'tick', now: serverNow });
    });
    on<RowsEvent>('rows', (event) => {
      heard();
      if (state) state = applyRows(state, [event]);
      tell({ kind: 'rows', event });
    });
    on<FleetSummary>('summary', (latest) => {
      heard();
      summary = latest;
      tell({ kind: 'summary', summary: latest });
    });
    // Until it opens, silence counts, too.
    after(SILENCE_MS, () => lose('the API does not answer'));
  }

  void connect();
  return {
    replay: () => {
      if (!state || !summary) return [{ kind: 'connection', connection }];
      const document: FleetDocument = {
        position: state.position,
        now: now() + clockOffset,
        summary,
        rows: rowsOf(state),
      };
      return [
        { kind: 'document', document },
        { kind: 'connection', connection },
      ];
    },
    wake: () => {
      if (connection.state !== 'lost' || events) return;
      attempt = 0;
      after(0, () => void connect());
    },
    close: () => {
      isClosed = true;
      events?.close();
      if (timer !== undefined) clearTimer(timer);
    },
  };
}

async function readFleet(environment: FeedEnvironment): Promise<FleetDocument> {
  const response = await environment.fetch('/api/fleet', { headers: { accept: 'application/json' } });
  if (response.ok) return (await response.json()) as FleetDocument;
  throw new Error(await problemOf(response));
}

async function problemOf(response: Response): Promise<string> {
  const problem = (await response.json().catch(() => undefined)) as { detail?: string } | undefined;
  return problem?.detail ?? `the API answered ${response.status}`;
}

export function browserEnvironment(): FeedEnvironment {
  return {
    fetch: (input, init) => fetch(input, init),
    openEvents: (url) => new EventSource(url),
    now: () => Date.now(),
    setTimer: (run, ms) => setTimeout(run, ms) as unknown as number,
    clearTimer: (timer) => clearTimeout(timer),
    random: () => Math.random(),
  };
}
