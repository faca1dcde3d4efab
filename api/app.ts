import compression from 'compression';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { pinoHttp } from 'pino-http';
import type { z } from 'zod';
import type { Core } from '../shared/core.ts';
import { coreProblems, refreshGauges } from '../shared/http/gauges.ts';
import { operationsRouter, type Problems } from '../shared/http/operations.ts';
import { mountBoard } from './board/mount-board.ts';
import { createEventHub } from './fleet-view/event-hub.ts';
import type { FleetView } from './fleet-view/fleet-view.ts';
import { refuseForeignOrigins, requireToken, securityHeaders } from './guards.ts';
import { measureRequests } from './measure-requests.ts';
import { openApiDocument } from './openapi.ts';
import { openAssets } from './pages/assets.ts';
import { mountPages } from './pages/mount-pages.ts';
import { HttpProblem, problemBody, toProblem } from './problem.ts';
import type { Call, Route } from './route.ts';
import { ROUTES } from './routes.ts';

const BODY_LIMIT = '2mb';
const QUIET = new Set(['/healthz', '/readyz', '/_/metrics']);

/** The HTTP side of Skipper: middleware and routes in reading order. */
export function createApp(
  core: Core,
  version: string,
  view: FleetView,
  moreProblems: () => Problems = () => [],
): Express {
  const app = express().disable('x-powered-by');
  app.use(
    pinoHttp({
      logger: core.log.child({ logger: 'http' }),
      autoLogging: {
        ignore: (request) => QUIET.has(request.url ?? '') || /^(\/view)?\/queues/.test(request.url ?? ''),
      },
      serializers: {
        req: ({ id, method, url }: { id: unknown; method: string; url: string }) => ({ id, method, url }),
        res: ({ statusCode }: { statusCode: number }) => ({ statusCode }),
      },
      customLogLevel: (_request, response, error) =>
        error !== undefined || response.statusCode >= 500 ? 'error' : 'debug',
    }),
  );
  app.use(securityHeaders, refuseForeignOrigins, measureRequests(core.metrics));
  app.use(compression({ filter: isWorthCompressing }));
  app.use(
    operationsRouter({
      registry: core.metrics.registry,
      unhealthy: () => [],
      unready: () => [...coreProblems(core), ...moreProblems()],
      refreshGauges: () => refreshGauges(core),
    }),
  );
  const authorize = requireToken(core.settings.authTokenFile);
  const readText = express.text({ type: () => true, limit: BODY_LIMIT });
  const document = openApiDocument(version);
  const shared = { core, view, events: createEventHub(view) };
  app.get('/api/openapi.json', (_request, response) => {
    response.json(document);
  });
  for (const route of ROUTES) {
    app[route.method](route.path, ...(route.mutates ? [authorize] : []), readText, serve(route, shared));
  }
  const assets = openAssets();
  const board = { core, view, logoUrl: () => assets.url('logo.svg') };
  app.use('/queues', mountBoard({ ...board, basePath: '/queues', authorize }));
  app.use('/view/queues', mountBoard({ ...board, basePath: '/view/queues' }));
  mountPages(app, shared);
  app.use((request) => {
    throw new HttpProblem(404, 'not_found', `there is no ${request.method} ${request.path}`);
  });
  app.use(handleError);
  return app;
}

/** An event that waits in a compressor for more of its kind is late. */
function isWorthCompressing(request: Request, response: Response): boolean {
  return (
    !String(response.getHeader('content-type')).startsWith('text/event-stream') &&
    compression.filter(request, response)
  );
}

function serve(route: Route, shared: Pick<Call<unknown>, 'core' | 'view' | 'events'>) {
  return async (request: Request, response: Response) => {
    const rawBody = typeof request.body === 'string' ? request.body : '';
    const answer = await route.handle({
      ...shared,
      params: request.params as Record<string, string>,
      query: request.query,
      headers: request.headers as Record<string, string | undefined>,
      rawBody,
      body: route.body === undefined ? undefined : readBody(route.body, rawBody, request),
      // IPv4 as it is known, not as IPv6 wraps it.
      caller: (request.ip ?? 'unknown').replace(/^::ffff:/, ''),
    });
    if ('stream' in answer) return answer.stream(response);
    response
      .status(answer.status)
      .set({ 'cache-control': 'no-store', ...answer.headers })
      .json(answer.body);
  };
}

/** An empty body is an empty object; anything else must say that it is JSON, be JSON, and fit the schema. */
function readBody(schema: z.ZodType, rawBody: string, request: Request): unknown {
  if (rawBody.trim() === '') return schema.parse({});
  if (!request.is(['application/json', '+json'])) {
    throw new HttpProblem(415, 'not_json', 'send the body with "Content-Type: application/json"');
  }
  let body: unknown;
  try {
    body = JSON.parse(rawBody);
  } catch {
    throw new HttpProblem(400, 'not_json', 'the body is not valid JSON');
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.flatMap(toFieldErrors);
  const detail = errors.map(({ field, message }) => `${field} ${message}`).join('; ');
  throw new HttpProblem(400, 'bad_request', detail, { errors });
}

function toFieldErrors(issue: z.core.$ZodIssue): { field: string; message: string }[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((field) => ({ field, message: 'is unknown: see /api/openapi.json' }));
  }
  return [{ field: issue.path.join('.') || 'body', message: issue.message }];
}

/** Express knows an error handler by its four parameters. */
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
