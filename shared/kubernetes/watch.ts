import type { Logger } from 'pino';
import { fullJitterDelay } from '../../domain/deploy/backoff.ts';
import { errorClassOf, messageOf } from '../../domain/errors.ts';
import { pause } from '../pause.ts';
import { KubernetesError } from './classify-error.ts';
import type { KubernetesClient } from './client.ts';
import { pathOf, type Resource } from './resources.ts';

/** Objects a list page may hold: a page of Deployments is about 2 MB of JSON. */
const PAGE_SIZE = 500;
/** The server ends a watch after this long; jitter keeps a fleet of workers from coming back together. */
const WATCH_TIMEOUT_SECONDS = 300;
const RETRY = { baseMs: 500, capMs: 30_000 } as const;
/** A watch that has held for this long works, be it that nothing happened in it. */
const SETTLED_MS = 1_000;

/** The fields of any Kubernetes object that a watch itself needs. */
export interface WatchedObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly resourceVersion?: string;
  };
}

export interface WatchOptions<Raw extends WatchedObject> {
  readonly client: KubernetesClient;
  readonly log: Logger;
  readonly resource: Resource;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Called for every object of a list, and for every change after it. */
  readonly onUpsert: (object: Raw) => void;
  /** Called with the key (`namespace/name`) of every object that is gone. */
  readonly onDelete: (key: string) => void;
  readonly pageSize?: number;
  /** Without a byte for this long (bookmarks come every minute) the watch counts as broken. */
  readonly silenceTimeoutMs?: number;
  /** A watch that breaks within this long counts as one more failure in a row. */
  readonly settledMs?: number;
}

export interface WatchState {
  /** One whole list has been read since the start. */
  readonly synced: boolean;
  /** The resourceVersion up to which everything has been seen. */
  readonly position: string | undefined;
  readonly lastHeardAt: number;
  readonly relists: number;
  /** Breaks in a row, by which the pause before the next try grows. */
  readonly failures: number;
  /** Why it does not work at the moment. */
  readonly problem: string | undefined;
  /** It does not work because a right is missing: it will not until somebody grants it. */
  readonly refused: boolean;
}

export interface Watch {
  readonly resource: Resource;
  state(): WatchState;
  /** Resolves when the first list is complete. */
  synced(): Promise<void>;
  stop(): Promise<void>;
}

interface WatchEvent<Raw> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: Raw & { readonly code?: number; readonly message?: string };
}

export function keyOf(object: WatchedObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

/**
 * Keeps a local view of a resource: lists it page by page, then follows its changes; resumes where it was after a
 * broken connection, lists again after 410 Gone, and never gives up.
 */
export function startWatch<Raw extends WatchedObject>(options: WatchOptions<Raw>): Watch {
  const { client, log, resource } = options;
  const path = pathOf(resource);
  const selectors = { labelSelector: options.labelSelector, fieldSelector: options.fieldSelector };
  const silenceTimeoutMs = options.silenceTimeoutMs ?? 100_000;
  const settledMs = options.settledMs ?? SETTLED_MS;
  const stopping = new AbortController();
  const known = new Set<string>();
  let position: string | undefined;
  let synced = false;
  let lastHeardAt = Date.now();
  let relists = 0;
  let problem: string | undefined;
  let refused = false;
  let failures = 0;
  let resolveSynced: () => void;
  const firstSync = new Promise<void>((resolve) => {
    resolveSynced = resolve;
  });

  async function list(): Promise<void> {
    const seen = new Set<string>();
    let next: string | undefined;
    let version: string | undefined;
    do {
      const page: ListPage<Raw> = await client.request({
        method: 'GET',
        path,
        query: { ...selectors, limit: options.pageSize ?? PAGE_SIZE, continue: next },
        signal: stopping.signal,
        retryForbidden: false,
      });
      for (const object of page.items) {
        seen.add(keyOf(object));
        known.add(keyOf(object));
        options.onUpsert(object);
      }
      next = page.metadata.continue || undefined;
      version = page.metadata.resourceVersion;
      lastHeardAt = Date.now();
    } while (next !== undefined);
    for (const key of known) {
      if (!seen.has(key)) forget(key);
    }
    position = version;
    isWell();
    relists += 1;
    synced = true;
    resolveSynced();
  }

  function isWell(): void {
    problem = undefined;
    refused = false;
  }

  function forget(key: string): void {
    known.delete(key);
    options.onDelete(key);
  }

  async function follow(): Promise<void> {
    const attempt = new AbortController();
    const signal = AbortSignal.any([stopping.signal, attempt.signal]);
    const silence = setTimeout(() => attempt.abort(new Error('silent for too long')), silenceTimeoutMs);
    let openedAt: number | undefined;
    try {
      const stream = await client.stream({
        method: 'GET',
        path,
        query: {
          ...selectors,
          watch: true,
          allowWatchBookmarks: true,
          resourceVersion: position,
          timeoutSeconds: Math.round(WATCH_TIMEOUT_SECONDS * (1 + Math.random())),
        },
        signal,
        retryForbidden: false,
      });
      isWell();
      openedAt = Date.now();
      for await (const line of lines(stream)) {
        lastHeardAt = Date.now();
        silence.refresh();
        receive(JSON.parse(line) as WatchEvent<Raw>);
        failures = 0;
        isWell();
      }
    } finally {
      clearTimeout(silence);
      attempt.abort();
      if (openedAt !== undefined && Date.now() - openedAt >= settledMs) failures = 0;
    }
  }

  function receive(event: WatchEvent<Raw>): void {
    if (event.type === 'ERROR') {
      throw new KubernetesError(
        event.object.code === 429 ? 'rate_limited' : 'cluster_unavailable',
        `watch of ${resource.plural}: ${event.object.message ?? 'error'}`,
        { httpStatus: event.object.code ?? 500, status: event.object },
      );
    }
    if (event.type === 'DELETED') forget(keyOf(event.object));
    else if (event.type !== 'BOOKMARK') {
      known.add(keyOf(event.object));
      options.onUpsert(event.object);
    }
    position = event.object.metadata.resourceVersion ?? position;
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        if (position === undefined) await list();
        const openedAt = Date.now();
        await follow();
        // A server that ends every watch at once must not be asked without pause.
        if (Date.now() - openedAt < settledMs) await pause(fullJitterDelay(1, RETRY), stopping);
      } catch (error) {
        if (stopping.signal.aborted) return;
        await recover(error);
      }
    }
  }

  async function recover(error: unknown): Promise<void> {
    const gone = error instanceof KubernetesError && error.httpStatus === 410;
    if (gone) position = undefined;
    problem = messageOf(error);
    refused = error instanceof KubernetesError && error.code === 'forbidden';
    const delayMs = fullJitterDelay(failures, RETRY);
    failures += 1;
    const fields = { resource: resource.plural, problem, class: errorClassOf(error), delayMs };
    // The first break is everyday life (the server restarts, a connection is cut); a lasting one is worth a line.
    if (failures > 2) log.warn(fields, 'watch is broken, will retry');
    else log.debug(fields, 'watch ended, resuming');
    await pause(delayMs, stopping);
  }

  const running = run();
  return {
    resource,
    state: () => ({ synced, position, lastHeardAt, relists, failures, problem, refused }),
    synced: () => firstSync,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

interface ListPage<Raw> {
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items: readonly Raw[];
}

async function* lines(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(10, start); end !== -1; end = chunk.indexOf(10, start)) {
      const line = chunk.subarray(start, end);
      yield rest.length === 0 ? line.toString('utf8') : Buffer.concat([...rest, line]).toString('utf8');
      rest = [];
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  }
}
