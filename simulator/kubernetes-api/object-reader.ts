import { badRequest, failure, internalError } from './api-error.ts';
import { isObject, stringAt } from './api-object.ts';
import type { ApiRequest } from './api-request.ts';
import { apiVersionOfList, itemJson, kindOfList, type Representation } from './representation.ts';
import { apiVersionOf, storageKey } from './resource-type.ts';
import { parseSelectors } from './selectors.ts';
import type { Store, StoredObject } from './store.ts';

export interface ObjectReader {
  /** The JSON of a list, or of one page of it. */
  list(request: ApiRequest, representation?: Representation): string;
  selected(request: ApiRequest): StoredObject[];
  /** Continue tokens given before this are expired. */
  forgetPages(): void;
}

interface Snapshot {
  readonly items: readonly StoredObject[];
  readonly expiresAt: number;
}

interface ContinueToken {
  readonly rv: number;
  readonly start: string;
}

/** In a token: go on from here in the present state, whatever the earlier pages showed. */
const ANY_VERSION = -1;

export interface ObjectReaderOptions {
  readonly store: Store;
  readonly continueTokenLifeMs: number;
}

export function createObjectReader({ store, continueTokenLifeMs }: ObjectReaderOptions): ObjectReader {
  // Later pages show the state of the first one, so it is kept until its tokens expire.
  const snapshots = new Map<string, Snapshot>();

  function selected({ type, namespace, query }: ApiRequest): StoredObject[] {
    const filter = parseSelectors(query, type);
    const objects = store.list(type, namespace);
    return filter === undefined ? objects : objects.filter(({ object }) => filter(object));
  }

  function list(request: ApiRequest, representation: Representation = 'whole'): string {
    const { query } = request;
    const limit = numberOf(query, 'limit') ?? 0;
    const token = parseToken(query.get('continue') ?? '');
    if (token !== undefined && token.rv !== ANY_VERSION)
      return laterPage(request, token, { limit, representation });

    refuseUnknownVersion(query);
    const items = selected(request);
    const version = store.currentVersion();
    if (limit > 0 && items.length > limit) {
      dropExpired();
      snapshots.set(snapshotKey(request, version), { items, expiresAt: Date.now() + continueTokenLifeMs });
    }
    return page(request, { items, version, start: firstFrom(items, token), limit, representation });
  }

  function laterPage(
    request: ApiRequest,
    token: ContinueToken,
    shown: Pick<Page, 'limit' | 'representation'>,
  ): string {
    const snapshot = snapshots.get(snapshotKey(request, token.rv));
    if (snapshot === undefined || snapshot.expiresAt <= Date.now()) throw expiredToken(token);
    const { items } = snapshot;
    return page(request, { items, version: token.rv, start: firstFrom(items, token), ...shown });
  }

  function refuseUnknownVersion(query: URLSearchParams): void {
    const asked = versionOf(query);
    const current = store.currentVersion();
    if (asked === undefined || asked === 0) return;
    if (asked > current) throw tooLargeVersion(asked, current);
    // Unlike the real server, no list but the present one can be made.
    if (query.get('resourceVersionMatch') === 'Exact' && asked !== current) throw tooOldList();
  }

  function dropExpired(): void {
    const now = Date.now();
    for (const [key, { expiresAt }] of snapshots) {
      if (expiresAt <= now) snapshots.delete(key);
    }
  }

  return { list, selected, forgetPages: () => snapshots.clear() };
}

/** The query's resourceVersion; undefined when it has none. */
export function versionOf(query: URLSearchParams): number | undefined {
  const text = query.get('resourceVersion') ?? '';
  if (text === '') return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  throw internalError(
    `resourceVersion: Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`,
  );
}

interface Page {
  readonly items: readonly StoredObject[];
  readonly version: number;
  readonly start: number;
  readonly limit: number;
  readonly representation: Representation;
}

function page({ type }: ApiRequest, { items, version, start, limit, representation }: Page): string {
  const end = limit > 0 ? Math.min(start + limit, items.length) : items.length;
  const next = items[end];
  // The real server says it of custom resources only.
  const lastPageMark = type.isCustom ? { continue: '' } : {};
  const metadata = {
    resourceVersion: String(version),
    ...(next === undefined
      ? lastPageMark
      : {
          continue: tokenOf({ rv: version, start: positionOf(next) }),
          remainingItemCount: items.length - end,
        }),
  };
  const kind = kindOfList(type.kind, representation);
  const apiVersion = apiVersionOfList(apiVersionOf(type), representation);
  const json = items
    .slice(start, end)
    .map((item) => itemJson(item, representation))
    .join(',');
  // The real server lists no metadata as null.
  const list = representation === 'metadata' && json === '' ? 'null' : `[${json}]`;
  return `{"kind":"${kind}","apiVersion":"${apiVersion}","metadata":${JSON.stringify(metadata)},"items":${list}}`;
}

function firstFrom(items: readonly StoredObject[], token: ContinueToken | undefined): number {
  if (token === undefined) return 0;
  const index = items.findIndex((item) => positionOf(item) >= token.start);
  return index < 0 ? items.length : index;
}

function positionOf({ object }: StoredObject): string {
  const { namespace = '', name } = object.metadata;
  // A separator below every character of a name keeps the order of (namespace, name).
  return `${namespace}\u0000${name}`;
}

function snapshotKey({ type, namespace = '', query }: ApiRequest, version: number): string {
  return [
    storageKey(type),
    namespace,
    version,
    query.get('labelSelector') ?? '',
    query.get('fieldSelector') ?? '',
  ].join('|');
}

function tokenOf(token: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', ...token })).toString('base64url');
}

function parseToken(text: string): ContinueToken | undefined {
  if (text === '') return undefined;
  try {
    const token: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (isObject(token) && typeof token.rv === 'number') {
      return { rv: token.rv, start: stringAt(token, 'start') ?? '' };
    }
  } catch {
    // Reported below, as for a token of another kind.
  }
  throw badRequest('invalid continue token: continue key is not valid: unreadable');
}

function expiredToken({ start }: ContinueToken): Error {
  return failure({
    code: 410,
    reason: 'Expired',
    message:
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    continue: tokenOf({ rv: ANY_VERSION, start }),
  });
}

function tooOldList(): Error {
  const message = 'The resourceVersion for the provided list is too old.';
  return failure({ code: 410, reason: 'Expired', message });
}

function tooLargeVersion(asked: number, current: number): Error {
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }];
  return failure({
    code: 504,
    reason: 'Timeout',
    message: `Timeout: Too large resource version: ${asked}, current: ${current}`,
    details: { causes, retryAfterSeconds: 1 },
  });
}

function numberOf(query: URLSearchParams, key: string): number | undefined {
  const text = query.get(key);
  return text === null || text === '' ? undefined : Number(text);
}
