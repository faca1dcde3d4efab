import { Worker } from 'bullmq';
import type { Core } from '../shared/core.ts';
import { LOG_QUEUE, type LogJob, PLAN_QUEUE, type PlanJob } from '../shared/queues.ts';
import type { RedisConnection } from '../shared/redis.ts';
import { dryRunPlan } from './dry-run-plan.ts';
import { readNamespaceLogs } from './read-namespace-logs.ts';
import { logConnectionErrors, workerOptions } from './worker-options.ts';

/** Nobody waits for a request that is older. */
const LOG_REQUEST_MS = 15_000;

/** Reads logs for the API, which may not: docs/decisions/0012-a-worker-reads-logs.md. */
export function openLogWorker(core: Core, connection: RedisConnection): Worker<LogJob> {
  const worker = new Worker<LogJob>(
    LOG_QUEUE,
    async ({ data, timestamp }) =>
      Date.now() - timestamp > LOG_REQUEST_MS ? [] : readNamespaceLogs(core, data.namespace),
    { ...workerOptions(core, connection), concurrency: 4 },
  );
  logConnectionErrors(worker, core.log.child({ logger: 'worker' }));
  return worker;
}

/** Dry runs for plans: the API, which may not write, may not try to either. */
export function openPlanWorker(core: Core, connection: RedisConnection): Worker<PlanJob> {
  const { client, cluster, state } = core;
  const { manageRbac } = core.settings;
  const worker = new Worker<PlanJob>(
    PLAN_QUEUE,
    ({ data }) => dryRunPlan(data, { client, cluster, state, manageRbac }),
    { ...workerOptions(core, connection), concurrency: 2 },
  );
  logConnectionErrors(worker, core.log.child({ logger: 'worker' }));
  return worker;
}
