import { type Request, type Response, Router } from 'express';
import type { Registry } from 'prom-client';

/** The paths for probes and Prometheus: they are the same under every base path. */
export const OPERATIONS: readonly string[] = ['/healthz', '/readyz', '/_/metrics'];

/** Reasons why a process cannot work; empty if it is healthy. */
export type Problems = readonly string[];

export interface OperationsOptions {
  readonly registry: Registry;
  /** The process should be replaced while this is not empty. */
  readonly unhealthy: () => Problems;
  /** The process should get no requests while this is not empty. */
  readonly unready: () => Problems;
  /** Outages that the process can work with: shown by /readyz, which stays 200. */
  readonly warnings: () => Problems;
  /** Updates the gauges; if it fails, the scrape must not. */
  readonly refreshGauges: () => Promise<void>;
}

/** The endpoints for probes and Prometheus, the same in every process. */
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
