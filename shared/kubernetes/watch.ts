import type { Logger } from 'pino';
import { fullJitterDelay } from '../../domain/deploy/backoff.ts';
import { errorClassOf, messageOf, SkipperError } from '../../domain/errors.ts';
import { pause } from '../pause.ts';
import { classifyForeignAnswer, KubernetesError } from './classify-error.ts';
import type { KubernetesClient } from './client.ts';
import { pathOf, type Resource } from './resources.ts';
import { openWatchBooks, type WatchBooks, type WatchState } from './watch-books.ts';
import { watchRemedy } from './watch-remedy.ts';

/** Maximum number of objects in a list page: a page of Deployments is about 2 MB of JSON. */
const PAGE_SIZE = 500;
/** The server ends a watch after this long; jitter keeps workers from reconnecting all at once. */
const WATCH_TIMEOUT_SECONDS = 300;
const RETRY = { baseMs: 500, capMs: 30_000 } as const;
/** A watch that stays open this long counts as healthy, even without events. */
const SETTLED_MS = 1_000;
/** How the API server is asked for metadata only. */
const METADATA_OF_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const METADATA_OF_EVENT = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
/** Bookmarks come every minute. */
const SILENCE_TIMEOUT_MS = 100_000;

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
  /** Called with the key (`namespace/name`) of every deleted object, and its last state if an event showed it. */
  readonly onDelete: (key: string, last?: Raw) => void;
  /** Called before the first page of a list, and after the last. */
  readonly onListing?: () => void;
  readonly onListed?: () => void;
  /** Reads only the objects' metadata. */
  readonly metadataOnly?: boolean;
  /**
   * False: the keys of the objects are not kept, which takes most of the memory. Objects that are missing from a later list
   * are then not reported as deleted.
   */
  readonly keepsKeys?: boolean;
  readonly pageSize?: number;
  /** If no byte arrives for this long (bookmarks come every minute), the watch counts as broken. */
  readonly silenceTimeoutMs?: number;
  /** A watch that breaks within this time counts as another consecutive failure. */
  readonly settledMs?: number;
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
 * Keeps a local view of a resource: lists it page by page, then watches its changes; resumes at its position after a
 * broken connection, lists again after 410 Gone, and never gives up.
 */
export function startWatch<Raw extends WatchedObject>(options: WatchOptions<Raw>): Watch {
  const { resource, labelSelector, fieldSelector } = options;
  const stopping = new AbortController();
  const books = openWatchBooks(Date.now());
  let resolveSynced: () => void = () => undefined;
  const firstSync = new Promise<void>((resolve) => {
    resolveSynced = resolve;
  });
  const running = run({
    ...options,
    books,
    path: pathOf(resource),
    selectors: { labelSelector, fieldSelector },
    pageSize: options.pageSize ?? PAGE_SIZE,
    silenceTimeoutMs: options.silenceTimeoutMs ?? SILENCE_TIMEOUT_MS,
    settledMs: options.settledMs ?? SETTLED_MS,
    metadataOnly: options.metadataOnly ?? false,
    keepsKeys: options.keepsKeys ?? true,
    onListing: options.onListing ?? (() => undefined),
    onListed: options.onListed ?? (() => undefined),
    stopping: stopping.signal,
    onSynced: resolveSynced,
  });
  return {
    resource,
    state: books.state,
    synced: () => firstSync,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

/** The parts of a running watch. */
interface RunningWatch<Raw extends WatchedObject> extends Required<SharedOptions<Raw>> {
  readonly books: WatchBooks;
  readonly path: string;
  readonly selectors: Readonly<Record<'labelSelector' | 'fieldSelector', string | undefined>>;
  readonly stopping: AbortSignal;
  readonly onSynced: () => void;
}

type SharedOptions<Raw extends WatchedObject> = Omit<WatchOptions<Raw>, 'labelSelector' | 'fieldSelector'>;

async function run<Raw extends WatchedObject>(watch: RunningWatch<Raw>): Promise<void> {
  const { books, stopping, settledMs } = watch;
  while (!stopping.aborted) {
    try {
      if (books.state().position === undefined) await list(watch);
      const requestedAt = Date.now();
      await follow(watch);
      // A server that ends every watch at once must not be flooded with requests.
      if (Date.now() - requestedAt < settledMs) await pause(fullJitterDelay(1, RETRY), { signal: stopping });
    } catch (error) {
      if (stopping.aborted) return;
      await recover(watch, error);
    }
  }
}

async function list<Raw extends WatchedObject>(watch: RunningWatch<Raw>): Promise<void> {
  const { books, client, path, selectors, stopping } = watch;
  const seen = new Set<string>();
  let page: ListPage<Raw> | undefined;
  watch.onListing();
  do {
    page = await client.request<ListPage<Raw>>({
      method: 'GET',
      path,
      query: { ...selectors, limit: watch.pageSize, continue: page?.metadata.continue },
      accept: watch.metadataOnly ? METADATA_OF_LIST : undefined,
      signal: stopping,
      retryForbidden: false,
    });
    const items = itemsOf(page);
    if (!items) {
      throw classifyForeignAnswer(
        { method: 'GET', path },
        'with something other than a list',
        JSON.stringify(page),
      );
    }
    for (const object of items) {
      if (watch.keepsKeys) seen.add(keyOf(object));
      upsert(watch, object);
    }
    books.heard(Date.now());
  } while (page.metadata.continue);
  for (const key of books.missingFrom(seen)) forget(watch, key);
  books.listed(page.metadata.resourceVersion);
  watch.onListed();
  watch.onSynced();
}

function upsert<Raw extends WatchedObject>(
  { books, keepsKeys, onUpsert }: RunningWatch<Raw>,
  object: Raw,
): void {
  if (keepsKeys) books.add(keyOf(object));
  onUpsert(object);
}

function forget<Raw extends WatchedObject>(
  { books, onDelete }: RunningWatch<Raw>,
  key: string,
  last?: Raw,
): void {
  books.remove(key);
  onDelete(key, last);
}

async function follow<Raw extends WatchedObject>(watch: RunningWatch<Raw>): Promise<void> {
  const { books, silenceTimeoutMs } = watch;
  const attempt = new AbortController();
  const signal = AbortSignal.any([watch.stopping, attempt.signal]);
  const silence = setTimeout(() => attempt.abort(new Error('silent for too long')), silenceTimeoutMs);
  let openedAt: number | undefined;
  let settling: NodeJS.Timeout | undefined;
  try {
    const stream = await openStream(watch, signal);
    books.works();
    openedAt = Date.now();
    settling = setTimeout(books.settled, watch.settledMs);
    for await (const line of lines(stream)) {
      books.heard(Date.now());
      silence.refresh();
      receive(watch, parseEvent<Raw>(watch.path, line));
      books.settled();
      books.works();
    }
  } finally {
    clearTimeout(silence);
    clearTimeout(settling);
    attempt.abort();
    if (openedAt !== undefined && Date.now() - openedAt >= watch.settledMs) books.settled();
  }
}

function openStream<Raw extends WatchedObject>(
  { books, client, path, selectors, metadataOnly }: RunningWatch<Raw>,
  signal: AbortSignal,
): Promise<AsyncIterable<Buffer>> {
  return client.stream({
    method: 'GET',
    path,
    query: {
      ...selectors,
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: books.state().position,
      timeoutSeconds: Math.round(WATCH_TIMEOUT_SECONDS * (1 + Math.random())),
    },
    accept: metadataOnly ? METADATA_OF_EVENT : undefined,
    signal,
    retryForbidden: false,
  });
}

function parseEvent<Raw>(path: string, line: string): WatchEvent<Raw> {
  try {
    const event = JSON.parse(line) as WatchEvent<Raw>;
    if (event.object) return event;
  } catch {
    // Handled below, like an event without an object.
  }
  throw classifyForeignAnswer({ method: 'GET', path }, 'with something other than a watch event', line);
}

function receive<Raw extends WatchedObject>(watch: RunningWatch<Raw>, event: WatchEvent<Raw>): void {
  const { type, object } = event;
  if (type === 'ERROR') {
    throw new KubernetesError(
      object.code === 429 ? 'rate_limited' : 'cluster_unavailable',
      `watch of ${watch.resource.plural}: ${object.message ?? 'error'}`,
      { httpStatus: object.code ?? 500, status: object },
    );
  }
  if (type === 'DELETED') forget(watch, keyOf(object), object);
  else if (type !== 'BOOKMARK') upsert(watch, object);
  const { resourceVersion } = object.metadata;
  if (resourceVersion !== undefined) watch.books.moveTo(resourceVersion);
}

async function recover<Raw extends WatchedObject>(
  { books, log, resource, stopping }: RunningWatch<Raw>,
  error: unknown,
): Promise<void> {
  const problem = messageOf(error);
  const { failures, withinMs } = books.broke({
    at: Date.now(),
    problem,
    code: error instanceof SkipperError ? error.code : undefined,
    refused: error instanceof KubernetesError && error.code === 'forbidden',
    isExpired: error instanceof KubernetesError && error.httpStatus === 410,
  });
  const delayMs = Math.min(fullJitterDelay(failures, RETRY), withinMs);
  const remedy = watchRemedy(books.state());
  const fields = {
    resource: resource.plural,
    problem,
    ...(remedy && { remedy }),
    class: errorClassOf(error),
    delayMs,
  };
  // The first breaks are normal (a server restart, a lost connection); only a lasting one is logged as a warning.
  if (failures > 1) log.warn(fields, 'watch is broken, will retry');
  else log.debug(fields, 'watch ended, resuming');
  await pause(delayMs, { signal: stopping });
}

/** An API server answers `null` if it has no metadata to list. */
function itemsOf<Raw>(page: ListPage<Raw>): readonly Raw[] | undefined {
  if (Array.isArray(page?.items)) return page.items;
  return page?.items === null && page.kind === 'PartialObjectMetadataList' ? [] : undefined;
}

interface ListPage<Raw> {
  readonly kind?: string;
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items: readonly Raw[] | null;
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
