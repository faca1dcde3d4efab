import type { ServerResponse } from 'node:http';
import { tooOldResourceVersion } from './api-error.ts';
import { bookmarkType, objectJson, type Representation } from './representation.ts';
import { apiVersionOf, type ResourceType, storageKey } from './resource-type.ts';
import type { ObjectFilter } from './selectors.ts';
import type { StoredObject, StoreEvent } from './store.ts';

export interface WatchRequest {
  readonly type: ResourceType;
  readonly namespace: string | undefined;
  readonly filter: ObjectFilter | undefined;
  readonly representation: Representation;
  /** Where to resume; undefined starts with the present state as ADDED events. */
  readonly resourceVersion: number | undefined;
  readonly initial: readonly StoredObject[];
  readonly wantsBookmarks: boolean;
  readonly wantsInitialBookmark: boolean;
  readonly timeoutMs: number;
}

export interface WatchHub {
  publish(event: StoreEvent): void;
  open(request: WatchRequest, response: ServerResponse): void;
  dropAll(): number;
  /** Ends a resource's watches and forgets its history, as a change of its definition does. */
  reset(type: ResourceType): void;
  compact(): void;
  openWatches(): number;
  close(): void;
}

export interface WatchHubOptions {
  /** How many events per resource can be resumed from. */
  readonly historySize: number;
  readonly bookmarkIntervalMs: number;
  readonly currentVersion: () => number;
  readonly isFrozen: () => boolean;
}

/** An event with its lines of JSON, each made once however many watchers get it. */
interface SharedEvent extends StoreEvent {
  readonly lines: Map<string, string>;
}

interface History {
  events: SharedEvent[];
  /** Events up to this version are forgotten. */
  forgotten: number;
}

interface Watcher {
  readonly request: WatchRequest;
  readonly response: ServerResponse;
  isSilent: boolean;
}

const ALL_NAMESPACES = '*';
/** A watch that ends by its own time-out is brought up to date just before. */
const LAST_BOOKMARK_LEAD_MS = 2000;

export function createWatchHub(options: WatchHubOptions): WatchHub {
  const histories = new Map<string, History>();
  const watchers = new Map<string, Map<string, Set<Watcher>>>();
  const timer = setInterval(sendBookmarks, options.bookmarkIntervalMs);
  timer.unref();

  function historyOf(type: ResourceType): History {
    const key = storageKey(type);
    const existing = histories.get(key);
    if (existing !== undefined) return existing;
    // A resource that came later, with its definition, has no past before that.
    const created = { events: [], forgotten: type.isCustom ? options.currentVersion() : 0 };
    histories.set(key, created);
    return created;
  }

  function publish(event: StoreEvent): void {
    const shared = { ...event, lines: new Map() };
    remember(historyOf(event.type), shared, options.historySize);
    const ofType = watchers.get(storageKey(event.type));
    if (ofType === undefined) return;
    const { namespace } = (event.current ?? event.removed)?.object.metadata ?? {};
    for (const watcher of ofType.get(ALL_NAMESPACES) ?? []) deliver(watcher, shared);
    for (const watcher of ofType.get(namespace ?? '') ?? []) deliver(watcher, shared);
  }

  function open(request: WatchRequest, response: ServerResponse): void {
    // A client that left while its request was held up never says so again.
    if (response.destroyed) return;
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
    response.flushHeaders();
    const history = historyOf(request.type);
    const { resourceVersion } = request;
    if (resourceVersion !== undefined && resourceVersion < history.forgotten) {
      const error = tooOldResourceVersion(resourceVersion, history.forgotten);
      response.end(`${JSON.stringify({ type: 'ERROR', object: error.body })}\n`);
      return;
    }
    const watcher = { request, response, isSilent: options.isFrozen() };
    if (!watcher.isSilent) catchUp(watcher, history);
    register(watcher);
  }

  function catchUp(watcher: Watcher, history: History): void {
    const { request, response } = watcher;
    const { resourceVersion } = request;
    if (resourceVersion === undefined) {
      for (const stored of request.initial) {
        response.write(eventLine('ADDED', objectJson(stored, request.representation)));
      }
      if (request.wantsInitialBookmark) bookmark(watcher, true);
      return;
    }
    const { events } = history;
    for (let index = firstAfter(events, resourceVersion); index < events.length; index += 1) {
      const event = events[index];
      if (event !== undefined && isInNamespace(event, request.namespace)) deliver(watcher, event);
    }
  }

  function register(watcher: Watcher): void {
    const { type, namespace, timeoutMs, wantsBookmarks } = watcher.request;
    const ofType = getOrCreate(watchers, storageKey(type), () => new Map<string, Set<Watcher>>());
    const set = getOrCreate(ofType, namespace ?? ALL_NAMESPACES, () => new Set<Watcher>());
    set.add(watcher);
    const end = setTimeout(() => watcher.isSilent || watcher.response.end(), timeoutMs);
    const lead = timeoutMs - LAST_BOOKMARK_LEAD_MS;
    const lastBookmark =
      wantsBookmarks && lead > 0 ? setTimeout(() => bookmark(watcher, false), lead) : undefined;
    watcher.response.on('close', () => {
      clearTimeout(end);
      clearTimeout(lastBookmark);
      set.delete(watcher);
      if (set.size === 0 && ofType.get(namespace ?? ALL_NAMESPACES) === set)
        ofType.delete(namespace ?? ALL_NAMESPACES);
    });
  }

  function deliver(watcher: Watcher, event: SharedEvent): void {
    if (options.isFrozen()) watcher.isSilent = true;
    if (watcher.isSilent) return;
    const line = lineFor(event, watcher.request);
    if (line !== undefined) watcher.response.write(line);
  }

  function bookmark(watcher: Watcher, endsInitialEvents: boolean): void {
    if (options.isFrozen()) watcher.isSilent = true;
    if (watcher.isSilent || watcher.response.writableEnded) return;
    const { type, representation } = watcher.request;
    const annotations = endsInitialEvents ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {};
    const metadata = { resourceVersion: String(options.currentVersion()), ...annotations };
    const whole = { kind: type.kind, apiVersion: apiVersionOf(type) };
    const object = JSON.stringify({ ...bookmarkType(whole, representation), metadata });
    watcher.response.write(eventLine('BOOKMARK', object));
  }

  function sendBookmarks(): void {
    for (const watcher of allWatchers()) {
      if (watcher.request.wantsBookmarks) bookmark(watcher, false);
    }
  }

  function allWatchers(): Watcher[] {
    return [...watchers.values()].flatMap((ofType) => [...ofType.values()].flatMap((set) => [...set]));
  }

  function reset(type: ResourceType): void {
    histories.set(storageKey(type), { events: [], forgotten: options.currentVersion() });
    for (const set of [...(watchers.get(storageKey(type))?.values() ?? [])]) {
      for (const watcher of [...set]) watcher.response.end();
    }
  }

  function dropAll(): number {
    const open = allWatchers();
    for (const watcher of open) watcher.response.destroy();
    return open.length;
  }

  function compact(): void {
    for (const history of histories.values()) {
      history.events = [];
      history.forgotten = options.currentVersion();
    }
  }

  return {
    publish,
    open,
    dropAll,
    reset,
    compact,
    openWatches: () => allWatchers().length,
    close: () => {
      clearInterval(timer);
      dropAll();
    },
  };
}

/** What a change means to a watcher that only sees part of the objects. */
function lineFor(
  event: SharedEvent,
  { filter, representation }: Pick<WatchRequest, 'filter' | 'representation'>,
): string | undefined {
  const { previous, current, removed } = event;
  const was = previous !== undefined && (filter === undefined || filter(previous.object));
  const is = current !== undefined && (filter === undefined || filter(current.object));
  if (is) return sharedLine(event, was ? 'MODIFIED' : 'ADDED', { representation, shown: () => current });
  if (!was) return undefined;
  const shown = () => removed ?? lastSeen(previous, event.resourceVersion);
  return sharedLine(event, 'DELETED', { representation, shown });
}

/** An object that left the selector is shown as it was, under the version in which it left. */
function lastSeen(stored: StoredObject, resourceVersion: number): StoredObject {
  const metadata = { ...stored.object.metadata, resourceVersion: String(resourceVersion) };
  const object = { ...stored.object, metadata };
  return { ...stored, object, resourceVersion, json: JSON.stringify(object) };
}

function sharedLine(
  event: SharedEvent,
  type: string,
  { representation, shown }: { representation: Representation; shown: () => StoredObject },
): string {
  return getOrCreate(event.lines, `${type} ${representation}`, () =>
    eventLine(type, objectJson(shown(), representation)),
  );
}

function eventLine(type: string, json: string): string {
  return `{"type":"${type}","object":${json}}\n`;
}

function isInNamespace(event: StoreEvent, namespace: string | undefined): boolean {
  return namespace === undefined || (event.current ?? event.removed)?.object.metadata.namespace === namespace;
}

/** Old events are cut off in batches, so that remembering costs nothing per event. */
function remember(history: History, event: SharedEvent, size: number): void {
  history.events.push(event);
  const lost = history.events[history.events.length - size - 1];
  if (lost !== undefined) history.forgotten = lost.resourceVersion;
  if (history.events.length > 2 * size) history.events = history.events.slice(-size);
}

function firstAfter(events: readonly SharedEvent[], resourceVersion: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle]?.resourceVersion ?? 0) <= resourceVersion) low = middle + 1;
    else high = middle;
  }
  return low;
}

function getOrCreate<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  const existing = map.get(key);
  if (existing !== undefined) return existing;
  const created = create();
  map.set(key, created);
  return created;
}
