import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { accessDenied, accessRequestOf, type Deny, reviewAccess } from './access.ts';
import { ApiError, internalError, methodNotAllowed, notFound, unauthorized } from './api-error.ts';
import { type ApiRequest, parseApiRequest } from './api-request.ts';
import type { AuditListener } from './audit.ts';
import type { ClusterBehaviour } from './cluster-behaviour.ts';
import { discoveryDocument } from './discovery.ts';
import { dropConnection, type Faults, losesAnswer, refusal, strikes } from './faults.ts';
import type { ObjectDeleter } from './object-deleter.ts';
import { type ObjectReader, versionOf } from './object-reader.ts';
import type { ObjectWriter } from './object-writer.ts';
import { bindPod } from './pod-binding.ts';
import { sendPodLog } from './pod-log.ts';
import { objectJson, type Representation, representationOf } from './representation.ts';
import { contentTypeOf, readBody } from './request-body.ts';
import type { ResourceRegistry } from './resource-registry.ts';
import type { ResourceType } from './resource-type.ts';
import { parseSelectors } from './selectors.ts';
import type { Store } from './store.ts';
import type { WatchHub } from './watch-hub.ts';
import type { WriteRequest, WriteResult } from './write-request.ts';

export interface RequestHandlerDependencies {
  readonly store: Store;
  readonly registry: ResourceRegistry;
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly deleter: ObjectDeleter;
  readonly hub: WatchHub;
  readonly behaviour: ClusterBehaviour;
  readonly faults: Faults;
  readonly random: () => number;
  readonly deny: Deny;
  readonly tokens: Readonly<Record<string, string>>;
  readonly nodes: ResourceType;
  readonly onAudit: AuditListener;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly method: string;
  user: string;
  target?: ApiRequest;
}

const HEALTH_PATHS = ['/healthz', '/livez', '/readyz'];
const READING_METHODS = ['GET', 'HEAD'];
const DEFAULT_WATCH_TIMEOUT_SECONDS = 30 * 60;

export function createRequestHandler(dependencies: RequestHandlerDependencies) {
  const { store, registry, reader, writer, deleter, hub, behaviour, faults, random, deny } = dependencies;

  const writes: Readonly<Record<string, (request: WriteRequest) => WriteResult>> = {
    create: writer.create,
    update: writer.update,
    patch: writer.patch,
    delete: deleter.delete,
    deletecollection: (request) => deleter.deleteCollection(request, reader.selected(request)),
  };

  return (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '/', 'http://simulated');
    const exchange: Exchange = { request, response, url, method: request.method ?? 'GET', user: '' };
    serve(exchange)
      .catch((error: unknown) => sendError(response, error))
      .finally(() => audit(exchange));
  };

  async function serve(exchange: Exchange): Promise<void> {
    const { request, response, url, method } = exchange;
    exchange.user = authenticate(request);
    const isStruck = strikes(faults, { method, path: url.pathname });
    if (isStruck && faults.latencyMs > 0) await pause(faults.latencyMs);
    const body = READING_METHODS.includes(method) ? undefined : await readBody(request);
    const target = parseApiRequest(method, url, registry);
    exchange.target = target;
    const refused = isStruck ? refusal(faults, random) : undefined;
    if (refused !== undefined) throw refused;
    if (target === undefined) return serveNonResource(exchange);

    authorize(target, exchange.user);
    behaviour.refuseWhileRestarting(target.type);
    if (await serveReading(target, exchange)) return;
    const result = write(target, exchange, body);
    if (isStruck && losesAnswer(faults, random)) dropConnection(response);
    else sendJson(response, result.code, result.json);
  }

  function authenticate({ headers }: IncomingMessage): string {
    const header = headers.authorization ?? '';
    if (!header.startsWith('Bearer ')) return 'system:anonymous';
    const user = dependencies.tokens[header.slice('Bearer '.length)];
    if (user === undefined) throw unauthorized();
    const impersonated = headers['impersonate-user'];
    return typeof impersonated === 'string' ? impersonated : user;
  }

  function authorize(target: ApiRequest, user: string): void {
    const access = accessRequestOf(target, user);
    const isOwnReview = target.type.kind === 'SelfSubjectAccessReview';
    const reason = isOwnReview ? undefined : deny(access);
    if (reason !== undefined) throw accessDenied(target, access, reason);
  }

  function serveNonResource({ response, url }: Exchange): void {
    const path = url.pathname.length > 1 ? url.pathname.replace(/\/$/, '') : url.pathname;
    if (HEALTH_PATHS.includes(path)) {
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end('ok');
      return;
    }
    const document = discoveryDocument(path, registry);
    if (document !== undefined) {
      sendJson(response, 200, JSON.stringify(document));
      return;
    }
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('404 page not found\n');
  }

  /** Whether the request was one that changes nothing; it is answered then. */
  async function serveReading(target: ApiRequest, { request, response }: Exchange): Promise<boolean> {
    if (!['get', 'list', 'watch'].includes(target.verb)) return false;
    if (!target.type.verbs.includes(target.verb)) throw methodNotAllowed();
    const representation = representationOf(request.headers.accept, target.verb);
    if (target.verb === 'watch') openWatch(target, representation, response);
    else if (target.verb === 'list') sendJson(response, 200, reader.list(target, representation));
    else if (target.subresource === 'log')
      await sendPodLog(target, { store, nodes: dependencies.nodes }, response);
    else sendJson(response, 200, jsonOf(target, representation));
    return true;
  }

  function jsonOf(
    { type, namespace, name, subresource }: ApiRequest,
    representation: Representation,
  ): string {
    const stored = store.get(type, namespace ?? '', name);
    const isServed = subresource === undefined || type.subresources.includes(subresource);
    if (stored === undefined || !isServed) throw notFound(type, name);
    return objectJson(stored, representation);
  }

  function openWatch(target: ApiRequest, representation: Representation, response: ServerResponse): void {
    const { type, namespace, query } = target;
    const version = versionOf(query);
    const startsFresh = version === undefined || version === 0 || query.get('sendInitialEvents') === 'true';
    const timeoutSeconds = Number(query.get('timeoutSeconds') ?? 0) || DEFAULT_WATCH_TIMEOUT_SECONDS;
    const wantsBookmarks = query.get('allowWatchBookmarks') === 'true';
    hub.open(
      {
        type,
        namespace,
        representation,
        filter: parseSelectors(query, type),
        resourceVersion: startsFresh ? undefined : version,
        initial: startsFresh ? reader.selected(target) : [],
        wantsBookmarks,
        wantsInitialBookmark: wantsBookmarks && query.get('sendInitialEvents') === 'true',
        timeoutMs: timeoutSeconds * 1000,
      },
      response,
    );
  }

  function write(target: ApiRequest, { request, user }: Exchange, body: unknown): WriteResult {
    const { type, subresource, query } = target;
    if (type.kind === 'SelfSubjectAccessReview') {
      return { code: 201, json: JSON.stringify(reviewAccess(body, user, deny)) };
    }
    const writeRequest: WriteRequest = {
      ...target,
      body,
      contentType: contentTypeOf(request),
      manager: query.get('fieldManager') || defaultManager(request),
      isDryRun: query.get('dryRun') === 'All',
    };
    if (subresource === 'binding') return bindPod(writeRequest, store);
    return writes[target.verb]?.(writeRequest) ?? fail(methodNotAllowed());
  }

  function audit({ request, response, url, method, user, target }: Exchange): void {
    dependencies.onAudit({
      at: new Date(),
      user,
      userAgent: request.headers['user-agent'] ?? '',
      verb: target?.verb ?? method.toLowerCase(),
      path: url.pathname + url.search,
      group: target?.type.group ?? '',
      resource: target?.type.plural ?? '',
      subresource: target?.subresource ?? '',
      namespace: target?.namespace ?? '',
      name: target?.name ?? '',
      code: response.headersSent ? response.statusCode : 0,
    });
  }
}

/** A client that names no field manager is known by the first word of its user-agent. */
function defaultManager({ headers }: IncomingMessage): string {
  return (headers['user-agent'] ?? '').split('/')[0]?.slice(0, 128) ?? '';
}

function fail(error: Error): never {
  throw error;
}

function sendJson(response: ServerResponse, code: number, json: string): void {
  response.writeHead(code, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) });
  response.end(json);
}

function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { body } =
    error instanceof ApiError ? error : internalError(`the simulator failed: ${stackOf(error)}`);
  const retryAfter = body.details?.retryAfterSeconds;
  if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter);
  sendJson(response, body.code, JSON.stringify(body));
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
