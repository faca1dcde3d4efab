import type { ApiClient } from '../../client/api-client.ts';
import { ApiError } from '../../client/api-error.ts';
import type { FleetNews } from '../../client/fleet-news.ts';
import type { NamespaceAnswer } from '../../client/namespace-answer.ts';
import type { FleetRow } from '../../domain/fleet/fleet-row.ts';
import type { NamespaceStore } from './namespace-store.ts';

/** The details are read again at most this often. */
const DETAILS_INTERVAL_MS = 1_000;
/** Healing can do something that the feed does not report. */
const HEALING_INTERVAL_MS = 15_000;
/** Reading objects queries the API server of the cluster. */
const OBJECTS_INTERVAL_MS = 5_000;
/** A worker and the pod's node have a part in it. */
const LOGS_INTERVAL_MS = 2_000;

export interface FollowEnvironment {
  readonly client: Pick<ApiClient, 'namespace' | 'objects' | 'logs'>;
  readonly setTimer: (run: () => void, ms: number) => unknown;
  readonly now: () => number;
  /** The token of this tab; empty without one. */
  readonly readToken: () => string;
}

export interface Follower {
  take(news: FleetNews): void;
  readObjects(): void;
  readLogs(): void;
  /** Reads everything with the token that was entered. */
  readAll(): void;
}

/** Keeps the page current: the feed reports that something has changed, the API returns the details. */
export function followNamespace(store: NamespaceStore, environment: FollowEnvironment): Follower {
  const { client } = environment;
  const { namespace } = store.details.peek();
  let clockOffset = 0;
  let readAt = environment.now();
  const details = paced(environment, DETAILS_INTERVAL_MS, async () => {
    const before = store.details.peek().report;
    const latest = await readNamespace();
    store.isGone.value = false;
    store.details.value = latest;
    const isNews =
      before?.deploymentId !== latest.report?.deploymentId || before?.result !== latest.report?.result;
    if (isNews) readObjects();
  });
  const objects = paced(environment, OBJECTS_INTERVAL_MS, async () => {
    store.objects.value = await client.objects(namespace);
  });

  const logs = paced(environment, LOGS_INTERVAL_MS, async () => {
    store.logs.value = await client.logs(namespace);
  });

  async function readNamespace(): Promise<NamespaceAnswer> {
    readAt = environment.now();
    try {
      return await client.namespace(namespace);
    } catch (error) {
      const status = error instanceof ApiError ? error.status : undefined;
      if (status !== undefined) store.isGone.value = status === 404;
      throw error;
    }
  }

  function readObjects(): void {
    // The API would refuse it, and note the refusal.
    if (store.token.peek() !== 'enough' && environment.readToken() === '') return;
    objects().then(
      () => {
        store.objectsProblem.value = '';
        store.token.value = 'enough';
      },
      (error: unknown) => {
        if (error instanceof ApiError && error.status === 401) {
          store.token.value = environment.readToken() === '' ? 'missing' : 'wrong';
          return;
        }
        store.objectsProblem.value = error instanceof Error ? error.message : String(error);
      },
    );
  }

  function readLogs(): void {
    if (store.token.peek() !== 'enough' && environment.readToken() === '') return;
    logs().then(
      () => {
        store.logsProblem.value = '';
      },
      (error: unknown) => {
        store.logsProblem.value = error instanceof Error ? error.message : String(error);
      },
    );
  }

  /** The connection shows a failure to read; what was read before stays. */
  function readDetails(): void {
    details().catch(() => undefined);
  }

  function changed(row: FleetRow): void {
    if (hasSettled(store.details.peek().row, row)) readObjects();
    readDetails();
  }

  function take(news: FleetNews): void {
    switch (news.kind) {
      case 'document': {
        clockOffset = news.document.now - environment.now();
        store.notices.value = news.document.summary;
        const row = news.document.rows.find((each) => each.namespace === namespace);
        if (row) changed(row);
        else store.isGone.value = true;
        return;
      }
      case 'rows': {
        if (news.event.gone.includes(namespace)) store.isGone.value = true;
        const row = news.event.rows.find((each) => each.namespace === namespace);
        if (row) changed(row);
        return;
      }
      case 'tick':
        clockOffset = news.now - environment.now();
        store.now.value = environment.now() + clockOffset;
        if (environment.now() - readAt >= HEALING_INTERVAL_MS) readDetails();
        return;
      case 'connection':
        store.connection.value = news.connection;
        return;
      case 'summary': {
        const { notices } = store.notices.peek();
        store.notices.value = news.summary;
        // A rollout that is paused or resumed holds the namespace, or no longer.
        if (JSON.stringify(notices) !== JSON.stringify(news.summary.notices)) readDetails();
        return;
      }
    }
  }

  function readAll(): void {
    readDetails();
    readObjects();
  }

  let hold = store.hold.peek();
  store.hold.subscribe((latest) => {
    if (latest !== hold) readDetails();
    hold = latest;
  });

  return { take, readObjects, readLogs, readAll };
}

/** Objects are read again when the activity has ended, or the running version has changed. */
export function hasSettled(before: FleetRow, after: FleetRow): boolean {
  const isOver = isBusy(before) && !isBusy(after);
  return isOver || before.status !== after.status || before.version !== after.version;
}

function isBusy({ activity, health }: FleetRow): boolean {
  return activity !== 'idle' || health === 'progressing';
}

/** Runs one at a time, not before `intervalMs` have passed since the last; calls in the meantime share one more run. */
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
