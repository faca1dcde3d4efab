import type { NamespaceDetails, NamespaceObjects } from '../../domain/explain/namespace-details.ts';
import type { FleetRow } from '../../domain/fleet/fleet-row.ts';
import type { FeedMessage } from '../feed/feed-messages.ts';
import type { NamespaceStore } from './namespace-store.ts';

/** The details is read again at most this often, however much happens. */
const DETAILS_INTERVAL_MS = 1_000;
/** Reading objects asks the API server itself. */
const OBJECTS_INTERVAL_MS = 5_000;

export interface FollowEnvironment {
  readonly fetch: typeof fetch;
  readonly setTimer: (run: () => void, ms: number) => unknown;
  readonly now: () => number;
}

export interface Follower {
  take(message: FeedMessage): void;
  readObjects(): void;
}

/** Keeps the page current: the feed says that something has changed, the API says what. */
export function followNamespace(store: NamespaceStore, environment: FollowEnvironment): Follower {
  const { namespace } = store.details.peek();
  const path = `/api/namespaces/${encodeURIComponent(namespace)}`;
  let clockOffset = 0;
  const details = paced(environment, DETAILS_INTERVAL_MS, async () => {
    const response = await environment.fetch(path, { headers: { accept: 'application/json' } });
    store.isGone.value = response.status === 404;
    if (!response.ok) return;
    const before = store.details.peek().report;
    const latest = (await response.json()) as NamespaceDetails;
    store.details.value = latest;
    const isNews =
      before?.deploymentId !== latest.report?.deploymentId || before?.result !== latest.report?.result;
    if (isNews) readObjects();
  });
  const objects = paced(environment, OBJECTS_INTERVAL_MS, async () => {
    const response = await environment.fetch(`${path}/objects`, { headers: { accept: 'application/json' } });
    if (!response.ok) throw new Error(`the API answered ${response.status}`);
    store.objects.value = (await response.json()) as NamespaceObjects;
  });

  function readObjects(): void {
    objects().then(
      () => {
        store.objectsProblem.value = '';
      },
      (error: unknown) => {
        store.objectsProblem.value = error instanceof Error ? error.message : String(error);
      },
    );
  }

  /** A failure to read is told by the connection itself; what was read before stays. */
  function readDetails(): void {
    details().catch(() => undefined);
  }

  function changed(row: FleetRow): void {
    if (hasSettled(store.details.peek().row, row)) readObjects();
    readDetails();
  }

  function take(message: FeedMessage): void {
    switch (message.kind) {
      case 'document': {
        clockOffset = message.document.now - environment.now();
        const row = message.document.rows.find((each) => each.namespace === namespace);
        if (row) changed(row);
        else store.isGone.value = true;
        return;
      }
      case 'rows': {
        if (message.event.gone.includes(namespace)) store.isGone.value = true;
        const row = message.event.rows.find((each) => each.namespace === namespace);
        if (row) changed(row);
        return;
      }
      case 'tick':
        clockOffset = message.now - environment.now();
        store.now.value = environment.now() + clockOffset;
        return;
      case 'connection':
        store.connection.value = message.connection;
        return;
      case 'summary':
        return;
    }
  }

  return { take, readObjects };
}

/** Objects are worth reading again when what was under way is over, or what runs has changed. */
export function hasSettled(before: FleetRow, after: FleetRow): boolean {
  const isOver = before.health === 'progressing' && after.health !== 'progressing';
  return isOver || before.status !== after.status || before.version !== after.version;
}

/** Runs one at a time, not before `intervalMs` have passed since the last; calls meanwhile are answered by one more run. */
function paced(
  environment: FollowEnvironment,
  intervalMs: number,
  run: () => Promise<void>,
): () => Promise<void> {
  let startedAt = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  async function begin(): Promise<void> {
    await running?.catch(() => undefined);
    const waitMs = startedAt + intervalMs - environment.now();
    if (waitMs > 0) await new Promise<void>((resolve) => environment.setTimer(resolve, waitMs));
    next = undefined;
    startedAt = environment.now();
    running = run();
    return running;
  }

  return () => {
    next ??= begin();
    return next;
  };
}
