import { createBullBoard } from '@bull-board/api';
import type { BeforeHook, HTTPStatus, JobRetryStatus, UIConfig } from '@bull-board/api/typings/app';
import { type NextFunction, type Request, type RequestHandler, type Response, Router } from 'express';
import type { Core } from '../../shared/core.ts';
import { isReady } from '../../shared/redis.ts';
import type { FleetView } from '../fleet-view/fleet-view.ts';
import { HttpProblem, problemBody, toProblem } from '../problem.ts';
import type { RetriesAll } from './board-queue.ts';
import { BoardServer } from './board-server.ts';
import { DeployQueueAdapter, type DeployQueueCore } from './deploy-queue.ts';
import { FleetQueueAdapter } from './fleet-queue.ts';
import { rememberBase } from './links.ts';
import { noteActions } from './note-actions.ts';
import { NotificationQueueAdapter } from './notification-queue.ts';
import { refusalOf } from './policy.ts';
import { ReleaseCheckQueueAdapter } from './release-check-queue.ts';
import { RolloutQueueAdapter } from './rollout-queue.ts';
import { BOARD_THEME } from './theme.ts';

/** How often an open tab polls; the fleet page is live. */
const POLLING_SECONDS = 10;
const READ_ONLY_COLOR = '#1d4ed8';
const ENVIRONMENT_COLOR = '#6b2fa8';
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

export type BoardCore = DeployQueueCore &
  Pick<
    Core,
    | 'releaseCheckQueue'
    | 'rolloutQueue'
    | 'notificationQueue'
    | 'redis'
    | 'redisHealth'
    | 'log'
    | 'settings'
    | 'state'
  >;

export interface BoardOptions {
  readonly core: BoardCore;
  readonly view: Pick<FleetView, 'rows' | 'row'>;
  /** Below the base path. */
  readonly path: string;
  /** Called for each page, because the pages can be built after this starts. */
  readonly assetUrl: (source: string) => string;
  /** Checks the token of changing requests; left out for viewers, who cannot change anything, even with a token. */
  readonly authorize?: RequestHandler;
  /** Checks the token of those who read the log of a job. */
  readonly authorizeLogs?: RequestHandler;
}

/** Bull Board as status UI: deploys go through the service, actions that would break an invariant are refused. */
export function mountBoard({ core, view, path, assetUrl, authorize, authorizeLogs }: BoardOptions): Router {
  const readOnly = authorize === undefined;
  const deploys = new DeployQueueAdapter(core, readOnly);
  const checks = new ReleaseCheckQueueAdapter(core.releaseCheckQueue, readOnly);
  const rollouts = new RolloutQueueAdapter(core.rolloutQueue);
  const notifications = new NotificationQueueAdapter(core.notificationQueue);
  const fleet = new FleetQueueAdapter({ view, service: core.service, readOnlyMode: readOnly, deploys });
  // The fleet is known without Redis; the other queues are shown only while Redis answers.
  for (const queue of [deploys, rollouts, checks, notifications])
    queue.setVisibilityGuard(() => canQuery(core));
  const server = new BoardServer(path, assetUrl);
  createBullBoard({
    queues: [fleet, deploys, rollouts, checks, notifications],
    serverAdapter: server,
    options: {
      uiConfig: uiConfig(core.settings.environmentLabel, readOnly),
      handlerHooks: { before: guard(core) },
    },
  });
  server.setErrorHandler((error) => {
    const problem = toLoggedProblem(error, core);
    return { status: problem.status as HTTPStatus, body: boardError(problem) };
  });

  const router = Router();
  router.use(rememberBase, authorize ?? refuseChanges);
  if (authorize) router.use(noteActions(core));
  if (authorizeLogs) router.get('/api/queues/:queue/:job/logs', authorizeLogs);
  router.put('/api/queues/:queue/retry/:status', retryAll({ fleet, deploy: deploys }, readOnly));
  router.use(server.getRouter() as RequestHandler);
  router.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    const problem = toLoggedProblem(error, core);
    response
      .status(problem.status)
      .set({ 'cache-control': 'no-store', ...problem.headers })
      .type('application/problem+json')
      .send(JSON.stringify({ ...problemBody(problem), ...boardError(problem) }));
  });
  return router;
}

function uiConfig(environmentLabel: string | undefined, readOnly: boolean): UIConfig {
  const badge = badgeOf(environmentLabel, readOnly);
  return {
    boardTitle: 'Skipper',
    ...(badge === undefined ? {} : { environment: badge }),
    miscLinks: [
      { text: 'Fleet page', url: '/status' },
      { text: 'Rollouts', url: '/rollouts' },
      { text: 'Audit', url: '/audit' },
      { text: 'API', url: '/api/openapi.json' },
    ],
    hideDocsLink: true,
    sortQueues: false,
    showMetrics: true,
    theme: BOARD_THEME,
    pollingInterval: { forceInterval: POLLING_SECONDS, showSetting: true },
  };
}

/** The board has room for one badge. */
function badgeOf(environmentLabel: string | undefined, readOnly: boolean): UIConfig['environment'] {
  const parts = [environmentLabel, readOnly ? 'Read-only' : undefined].filter((part) => part !== undefined);
  if (parts.length === 0) return undefined;
  const color = environmentLabel === undefined ? READ_ONLY_COLOR : ENVIRONMENT_COLOR;
  return { label: parts.join(' · '), color, textColor: '#ffffff' };
}

/** A Redis that hangs stays connected, and every request would wait for its timeout. */
function canQuery({ redis, redisHealth }: Pick<Core, 'redis' | 'redisHealth'>): boolean {
  return isReady(redis) && !redisHealth.problems().some(({ isSilent }) => isSilent);
}

/** Refuses what policy.ts does not allow, and fails fast if Redis is needed but down. */
function guard(core: Pick<Core, 'redis' | 'redisHealth'>): BeforeHook {
  return ({ method, route, request }) => {
    const queue = request.params.queueName as string | undefined;
    if (queue !== undefined && queue !== 'fleet' && !canQuery(core)) {
      return {
        allow: false,
        status: 503 as HTTPStatus,
        message: 'Redis does not answer: only the fleet queue is shown.',
      };
    }
    if (method === 'get') return;
    const message = refusalOf({ route: `${method} ${route}`, queue, params: request.params });
    if (message !== undefined) return { allow: false, status: 409, message };
  };
}

/** Replaces the board's own loop, which would retry the same first hundred jobs forever: failed jobs stay as history. */
function retryAll(queues: Readonly<Record<string, RetriesAll>>, readOnly: boolean): RequestHandler {
  return async (request, response, next) => {
    const queue = queues[String(request.params.queue)];
    const { status } = request.params;
    if (readOnly || !queue || (status !== 'failed' && status !== 'completed')) return next();
    const retried = await queue.retryAll(status satisfies JobRetryStatus);
    response.json({ retried, skipped: 0 });
  };
}

function refuseChanges(request: Request, _response: Response, next: NextFunction): void {
  if (!SAFE_METHODS.includes(request.method)) {
    throw new HttpProblem(405, 'read_only', 'this board is read-only');
  }
  next();
}

function toLoggedProblem(error: unknown, { log }: Pick<Core, 'log'>): HttpProblem {
  const problem = toProblem(error);
  if (problem.code === 'unexpected') log.error({ err: error }, 'board request failed');
  return problem;
}

/** The two lines of the board's error notice. */
function boardError(problem: HttpProblem) {
  return { error: problemBody(problem).title, message: problem.message };
}
