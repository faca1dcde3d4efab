import { messageOf } from '../domain/errors.ts';
import { TICK_INTERVAL_MS } from '../domain/fleet/fleet-feed.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { type FleetNews, positionOf, toNews } from './fleet-news.ts';
import { type StartTimer, startTimer } from './timer.ts';

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 8_000;

export interface FollowOptions {
  /** A connection without data for this long is considered lost. */
  readonly silenceMs: number;
  /** Stops following. */
  readonly signal: AbortSignal;
  /** A `wake` event on this target retries immediately. */
  readonly alarm: EventTarget;
  /** True for failures that are thrown instead of retried. `isFirst`: no data was received yet. */
  readonly isFinal: (error: unknown, isFirst: boolean) => boolean;
  readonly startTimer: StartTimer;
  readonly now: () => number;
  readonly random: () => number;
}

/**
 * The whole fleet, then every change. A lost or silent connection is reopened at the last position. Without a signal it
 * continues until a final failure: by default a failure of the first request, or a refusal.
 */
export async function* followFleet(
  source: Pick<ApiClient, 'fleet' | 'events'>,
  options: Partial<FollowOptions> = {},
): AsyncGenerator<FleetNews> {
  const follow = { ...defaults(), ...options };
  const { now, random, signal } = follow;
  const line: Line = { source, position: undefined, heardAt: now(), attempt: 0 };
  while (!signal.aborted) {
    let reason = 'the API has closed the connection';
    try {
      yield* hear(line, follow);
    } catch (error) {
      if (signal.aborted) return;
      if (follow.isFinal(error, line.position === undefined)) throw error;
      reason = messageOf(error);
    }
    if (signal.aborted) return;
    yield { kind: 'connection', connection: { state: 'lost', heardAt: line.heardAt, reason } };
    const isWoken = await rest(retryDelay(line.attempt, random()), follow);
    line.attempt = isWoken ? 0 : line.attempt + 1;
  }
}

/** How long to wait before another attempt: exponential with full jitter, never zero. */
export function retryDelay(attempt: number, random: number): number {
  const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt);
  return Math.round(FIRST_RETRY_MS / 2 + random * longest);
}

interface Line {
  readonly source: Pick<ApiClient, 'fleet' | 'events'>;
  /** Undefined before the first document. */
  position: string | undefined;
  heardAt: number;
  /** Counted since data was last received. */
  attempt: number;
}

function defaults(): FollowOptions {
  return {
    silenceMs: 2 * TICK_INTERVAL_MS,
    signal: new AbortController().signal,
    alarm: new EventTarget(),
    isFinal: (error, isFirst) => isFirst || (error instanceof ApiError && !error.isPassing),
    startTimer,
    now: Date.now,
    random: Math.random,
  };
}

/** The news of one connection; it counts as live once it is open. */
async function* hear(line: Line, { now, ...options }: FollowOptions): AsyncGenerator<FleetNews> {
  let isLive = false;
  for await (const heard of connect(line, options)) {
    line.heardAt = now();
    if (!isLive) yield { kind: 'connection', connection: { state: 'live' } };
    isLive = true;
    if (heard === 'open') continue;
    line.attempt = 0;
    line.position = positionOf(heard) ?? line.position;
    yield heard;
  }
}

async function* connect(
  line: Line,
  { silenceMs, signal, startTimer }: Pick<FollowOptions, 'silenceMs' | 'signal' | 'startTimer'>,
): AsyncGenerator<FleetNews | 'open'> {
  if (line.position === undefined) yield { kind: 'document', document: await line.source.fleet() };
  const connection = new AbortController();
  const end = () => connection.abort(signal.reason);
  signal.addEventListener('abort', end);
  const giveUp = () => connection.abort(new Error(`no data received for ${silenceMs / 1_000} s`));
  let cancel = startTimer(silenceMs, giveUp);
  try {
    const events = await line.source.events(line.position ?? '', connection.signal);
    yield 'open';
    for await (const event of events) {
      cancel();
      cancel = startTimer(silenceMs, giveUp);
      const news = toNews(event);
      if (news !== undefined) yield news;
    }
  } finally {
    cancel();
    signal.removeEventListener('abort', end);
    connection.abort();
  }
}

/** True if the wait ended early. */
function rest(ms: number, { startTimer, signal, alarm }: FollowOptions): Promise<boolean> {
  const over = new AbortController();
  return new Promise<boolean>((resolve) => {
    const cancel = startTimer(ms, () => resolve(false));
    const wake = () => {
      cancel();
      resolve(true);
    };
    alarm.addEventListener('wake', wake, { signal: over.signal });
    signal.addEventListener('abort', wake, { signal: over.signal });
  }).finally(() => over.abort());
}
