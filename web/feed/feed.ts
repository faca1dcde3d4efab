import type { ApiClient } from '../../client/api-client.ts';
import { applyNews, beginState, type FleetState } from '../../client/apply-news.ts';
import type { Connection, FleetNews } from '../../client/fleet-news.ts';
import { rowsOf } from '../../client/fleet-rows.ts';
import { type FollowOptions, followFleet } from '../../client/follow-fleet.ts';
import type { FleetDocument } from '../../domain/fleet/fleet-feed.ts';

export interface Feed {
  /** All that is known, for pages that come later; no document before the first. */
  replay(): FleetNews[];
  /** Retries at once if it waits for the next attempt. */
  wake(): void;
  close(): void;
}

/** What tests replace. */
export type FeedEnvironment = Pick<FollowOptions, 'now' | 'random' | 'startTimer'>;

/** Follows the fleet for as long as it is open, whatever goes wrong, and remembers it. */
export function startFeed(
  client: Pick<ApiClient, 'fleet' | 'events'>,
  publish: (news: FleetNews) => void,
  environment: Partial<FeedEnvironment> = {},
): Feed {
  const { now = Date.now } = environment;
  const closing = new AbortController();
  const alarm = new EventTarget();
  let state: FleetState | undefined;
  let connection: Connection = { state: 'connecting' };

  function take(news: FleetNews): void {
    if (news.kind === 'connection') connection = news.connection;
    if (news.kind === 'document') state = beginState(news.document, now());
    else if (state !== undefined) state = applyNews(state, news, now());
    publish(news);
  }

  async function follow(): Promise<void> {
    const options = { ...environment, signal: closing.signal, alarm, isFinal: () => false };
    for await (const news of followFleet(client, options)) take(news);
  }

  void follow();
  return {
    replay: () => [
      ...(state === undefined ? [] : [{ kind: 'document' as const, document: toDocument(state, now()) }]),
      { kind: 'connection', connection },
    ],
    wake: () => {
      alarm.dispatchEvent(new Event('wake'));
    },
    close: () => closing.abort(),
  };
}

/** What the API would answer now, as far as it is known. */
function toDocument(state: FleetState, now: number): FleetDocument {
  const { position, summary, clockAheadMs } = state;
  return { position, now: now + clockAheadMs, summary, rows: rowsOf(state) };
}
