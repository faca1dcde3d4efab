import type { NextFunction, Request, Response } from 'express';
import type { Metrics } from '../shared/metrics.ts';

/** Upstream's page names; every other path counts as `other`, so that labels stay bounded. */
const PAGES: readonly (readonly [RegExp, string])[] = [
  [/^\/(api\/)?status$/, 'status'],
  [/^\/(api\/)?deploy$/, 'deploy'],
  [/^\/_\/metrics$/, 'metrics'],
  [/^\/queues/, 'queues'],
  [/^\/api\/(deployments|fleet|namespaces|releases|rollouts)/, 'api'],
];

export function measureRequests(metrics: Metrics) {
  return (request: Request, response: Response, next: NextFunction) => {
    // The duration of a stream is how long a client was connected, not a latency.
    if (request.path === '/api/fleet/events') return next();
    const page = PAGES.find(([pattern]) => pattern.test(request.path))?.[1] ?? 'other';
    metrics.webRequestStarted.inc({ page });
    const end = metrics.webRequestLatency.startTimer({ page });
    response.once('finish', () => {
      end();
      const counter = response.statusCode >= 500 ? metrics.webRequestException : metrics.webRequestFinished;
      counter.inc({ page });
    });
    next();
  };
}
