import compression from 'compression';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { pinoHttp } from 'pino-http';
import type { Core } from '../shared/core.ts';
import { brokenWatches, coreProblems, coreWarnings, refreshGauges } from '../shared/http/gauges.ts';
import { OPERATIONS, operationsRouter, type Problems } from '../shared/http/operations.ts';
import { isReady } from '../shared/redis.ts';
import { openAuditExports } from './audit-exports.ts';
import { baseOf, refuseOutside, takeBasePath } from './base-path.ts';
import { mountBoard } from './board/mount-board.ts';
import { boundCallers } from './bound-callers.ts';
import { type BoundedWork, boundWork, type WorkBounds } from './bound-work.ts';
import { callerOf } from './caller-of.ts';
import { refreshFleetGauges } from './fleet-gauges.ts';
import { createEventHub } from './fleet-view/event-hub.ts';
import type { FleetView } from './fleet-view/fleet-view.ts';
import {
  openTokenGuard,
  refuseForeignOrigins,
  requireHost,
  securityHeaders,
  type TokenGuard,
} from './guards.ts';
import { refreshHealGauges } from './heal-gauges.ts';
import { measureRequests } from './measure-requests.ts';
import { openObjectReader } from './namespace-details/object-reader.ts';
import { refreshNotificationGauges } from './notification-gauges.ts';
import { openApiDocument } from './openapi.ts';
import { openAssets } from './pages/assets.ts';
import { mountPages } from './pages/mount-pages.ts';
import { openPodLogs } from './pod-logs.ts';
import { HttpProblem, problemBody, toProblem } from './problem.ts';
import { readBody } from './read-body.ts';
import { openReceivers } from './receivers.ts';
import { openRefusals } from './refusals.ts';
import { openReleaseChecks } from './release-checks.ts';
import { openReleaseHook } from './release-hook.ts';
import { refreshRolloutGauges } from './rollout-gauges.ts';
import type { Route, RouteServices } from './route.ts';
import { ROUTES } from './routes.ts';
import { openSharedAnswers } from './shared-answers.ts';
import { traceChanges, traceRequests } from './trace-requests.ts';

const BODY_LIMIT = '2mb';
/** Of requests whose signature is not verified yet: anybody can send them. */
const SIGNED_BODY_LIMIT = '64kb';
const UNVERIFIED_AT_ONCE = 8;
const EVENTS = '/api/fleet/events';
const DOCUMENT = '/api/openapi.json';
const SIGNED_PATHS = ROUTES.filter(({ signed }) => signed).map(({ path }) => path);

/** The parts of the core that the HTTP side uses. */
export type ApiCore = Pick<
  Core,
  | 'client'
  | 'cluster'
  | 'commands'
  | 'healing'
  | 'plans'
  | 'policy'
  | 'deployQueue'
  | 'log'
  | 'logQueue'
  | 'notificationQueue'
  | 'receivers'
  | 'metrics'
  | 'redis'
  | 'redisHealth'
  | 'epoch'
  | 'releaseCheckQueue'
  | 'rolloutQueue'
  | 'releases'
  | 'rollBack'
  | 'service'
  | 'settings'
  | 'state'
  | 'telemetry'
>;

/** The HTTP side of Skipper: middleware and routes in reading order. */
export function createApp(
  core: ApiCore,
  version: string,
  view: FleetView,
  moreProblems: () => Problems = () => [],
): Express {
  const { basePath, trustProxy } = core.settings;
  const app = express().disable('x-powered-by').set('trust proxy', trustProxy);
  app.use(takeBasePath(basePath));
  app.use(
    pinoHttp({
      logger: core.log.child({ logger: 'http' }),
      autoLogging: {
        ignore: (request) =>
          OPERATIONS.includes(request.url ?? '') || /^(\/view)?\/queues/.test(request.url ?? ''),
      },
      serializers: {
        req: ({ id, method, url }: { id: unknown; method: string; url: string }) => ({ id, method, url }),
        res: ({ statusCode }: { statusCode: number }) => ({ statusCode }),
      },
      customLogLevel: (_request, response, error) =>
        error !== undefined || response.statusCode >= 500 ? 'error' : 'debug',
    }),
  );
  app.use(securityHeaders, measureRequests(core.metrics));
  app.use(compression({ filter: isWorthCompressing }));
  const events = createEventHub(view);
  const { service, commands, healing, plans, policy, rollBack, state, cluster, client, releases, log } = core;
  const releaseChecks = openReleaseChecks(core);
  const refusals = openRefusals(core);
  const releaseHook = openReleaseHook({
    secretFile: core.settings.hookSecretFile,
    state,
    releaseChecks,
    refusals,
  });
  const auditExports = openAuditExports(core);
  const podLogs = openPodLogs(core.logQueue, () => isReady(core.redis));
  const receivers = openReceivers(core);
  const objects = openObjectReader({ cluster, client, releases, service, view });
  const answers = openSharedAnswers({ cluster, view });
  const services = {
    service,
    commands,
    healing,
    plans,
    policy,
    rollBack,
    log,
    state,
    cluster,
    client,
    releases,
    releaseChecks,
    releaseHook,
    auditExports,
    podLogs,
    receivers,
    view,
    events,
    objects,
    answers,
  };
  app.use(
    operationsRouter({
      registry: core.metrics.registry,
      unhealthy: () => [],
      unready: () => [...coreProblems(core), ...moreProblems()],
      // Pages are useful even with an older state of the cluster.
      warnings: () => [...brokenWatches(core), ...coreWarnings(core)],
      refreshGauges: async () => {
        await refreshGauges(core);
        await refreshFleetGauges(view, core.metrics, events.listeners());
        await refreshRolloutGauges(core);
        await refreshNotificationGauges(core);
        await refreshHealGauges(core);
      },
    }),
  );
  // After health and metrics: the kubelet and Prometheus use the address of the pod.
  app.use(requireHost(core.settings.publicUrl, refusals), refuseForeignOrigins(refusals, SIGNED_PATHS));
  app.use(refuseOutside(basePath));
  const tokens = openTokenGuard(core.settings.authTokenFile, refusals);
  const readText = express.text({ type: () => true, limit: BODY_LIMIT });
  const verifySignature = [
    boundCallers('signed requests of one caller', UNVERIFIED_AT_ONCE),
    express.text({ type: () => true, limit: SIGNED_BODY_LIMIT }),
    releaseHook.guard,
  ];
  const document = openApiDocument(version);
  app.get(DOCUMENT, (_request, response) => {
    response.json({ ...document, servers: [{ url: baseOf(response) || '/' }] });
  });
  const boundsOf = openBounds();
  for (const route of ROUTES) {
    // A stream's span would last as long as its client is connected.
    const traced = route.path === EVENTS ? [] : [traceRequests(route.path)];
    const guarded = route.mutates || route.showsObjects ? [tokens.always] : [];
    // Its signature is over the body: it takes a place when both are known.
    const verified = route.signed ? verifySignature : [];
    const bounds = route.bounds && boundsOf(route.bounds);
    // Others take theirs before the body is read: bodies are part of what is bounded.
    const bounded = bounds ? [takePlace(bounds)] : [];
    app[route.method](
      route.path,
      ...traced,
      ...guarded,
      ...verified,
      ...bounded,
      ...(route.method === 'post' && !route.signed ? [readText] : []),
      serve(route, { ...services, isTrusted: tokens.isTrusted }, bounds),
    );
  }
  for (const [path, allow] of allowedMethods()) app.all(path, refuseMethod(allow));
  const assets = openAssets();
  const board = { core, view, assetUrl: assets.url, authorizeLogs: tokens.always };
  app.use(
    '/queues',
    traceChanges('/queues'),
    mountBoard({ ...board, path: '/queues', authorize: tokens.forChanges }),
  );
  app.use('/view/queues', mountBoard({ ...board, path: '/view/queues' }));
  const { isTrusted, always: requireToken } = tokens;
  mountPages(app, { ...services, settings: core.settings, isTrusted, requireToken });
  app.use((request, response) => {
    const path = baseOf(response) + request.path;
    throw new HttpProblem(404, 'not_found', `${request.method} ${path} does not exist`);
  });
  app.use(handleError);
  return app;
}

/** Events are not compressed: a compressor would hold them back until its buffer is full. */
function isWorthCompressing(request: Request, response: Response): boolean {
  return (
    !String(response.getHeader('content-type')).startsWith('text/event-stream') &&
    compression.filter(request, response)
  );
}

/** The methods of each path, as in the header Allow. */
function allowedMethods(): ReadonlyMap<string, string> {
  const allowed = new Map([[DOCUMENT, 'GET, HEAD']]);
  for (const { path, method } of ROUTES) {
    const own = method === 'get' ? 'GET, HEAD' : 'POST';
    const others = allowed.get(path);
    allowed.set(path, others === undefined ? own : `${others}, ${own}`);
  }
  return allowed;
}

function refuseMethod(allow: string) {
  return (request: Request, response: Response) => {
    if (request.method !== 'OPTIONS') {
      const detail = `${request.method} is not possible here: use ${allow}`;
      throw new HttpProblem(405, 'method_not_allowed', detail, { headers: { allow } });
    }
    response.status(204).set('allow', allow).end();
  };
}

/** Routes with the same bounds share them: aliases, and whatever deploys. */
function openBounds(): (bounds: WorkBounds) => BoundedWork {
  const opened = new Map<WorkBounds, BoundedWork>();
  return (bounds) => {
    const known = opened.get(bounds) ?? boundWork(bounds);
    opened.set(bounds, known);
    return known;
  };
}

/** The place is given back when the response has ended, however it ends. */
function takePlace(bounds: BoundedWork) {
  return (_request: Request, response: Response, next: NextFunction) => {
    const leave = bounds.enter();
    response.once('close', leave);
    response.locals.leave = leave;
    next();
  };
}

type ServeServices = RouteServices & Pick<TokenGuard, 'isTrusted'>;

function serve(route: Route, services: ServeServices, bounds?: BoundedWork) {
  const answer = answerTo(route, services);
  return async (request: Request, response: Response) => {
    if (!bounds) return answer(request, response);
    // A client that does not read its answer keeps no place.
    await bounds.run(() => answer(request, response)).finally(response.locals.leave);
  };
}

function answerTo(route: Route, { isTrusted, ...services }: ServeServices) {
  return async (request: Request, response: Response) => {
    const rawBody = typeof request.body === 'string' ? request.body : '';
    const answer = await route.handle({
      ...services,
      params: request.params as Record<string, string>,
      query: request.query,
      headers: request.headers as Record<string, string | undefined>,
      rawBody,
      body: route.body === undefined ? undefined : readBody(route.body, rawBody, request),
      isTrusted: isTrusted(request),
      caller: callerOf(request),
      base: baseOf(response),
    });
    if ('stream' in answer) return answer.stream(response);
    const json = Buffer.isBuffer(answer.body) ? answer.body : JSON.stringify(answer.body);
    // Not by Express's send, which hashes megabytes for an ETag and answers 304: nothing is cached.
    response
      .status(answer.status)
      .set({ 'cache-control': 'no-store', ...answer.headers })
      .type('json')
      .end(json);
  };
}

/** Express recognizes an error handler by its four parameters. */
function handleError(error: unknown, request: Request, response: Response, next: NextFunction): void {
  if (response.headersSent) {
    next(error);
    return;
  }
  const problem = toProblem(error);
  if (problem.status >= 500 && problem.status !== 503) request.log.error({ err: error }, 'request failed');
  response
    .status(problem.status)
    .set({ 'cache-control': 'no-store', ...problem.headers })
    .type('application/problem+json')
    .send(JSON.stringify(problemBody(problem)));
}
