import { type Request, type Response, Router } from 'express';
import type { Registry } from 'prom-client';

/** What stands in the way of working; empty when all is well. */
export type Problems = readonly string[];

export interface OperationsOptions {
  readonly registry: Registry;
  /** The process should be replaced while this is not empty. */
  readonly unhealthy: () => Problems;
  /** The process should get no work while this is not empty. */
  readonly unready: () => Problems;
  /** What the process works without, for now: shown by /readyz, which stays 200. */
  readonly warnings: () => Problems;
  /** Brings the gauges up to date; a scrape must not fail for it. */
  readonly refreshGauges: () => Promise<void>;
}

/** What probes and Prometheus ask of every process. */
export function operationsRouter(options: OperationsOptions): Router {
  const router = Router();
  router.get('/healthz', (_request, response) => answer(response, options.unhealthy()));
  router.get('/readyz', (_request, response) => {
    answer(response, options.unready(), options.warnings());
  });
  router.get('/_/metrics', async (_request: Request, response: Response) => {
    await options.refreshGauges().catch(() => undefined);
    response.type(options.registry.contentType).send(await options.registry.metrics());
  });
  return router;
}

function answer(response: Response, problems: Problems, warnings?: Problems): void {
  response
    .status(problems.length === 0 ? 200 : 503)
    .set('cache-control', 'no-store')
    .json({ status: problems.length === 0 ? 'ok' : 'unavailable', problems, ...(warnings && { warnings }) });
}
