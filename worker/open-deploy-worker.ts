import { type Processor, Worker } from 'bullmq';
import type { Core } from '../shared/core.ts';
import { DEPLOY_QUEUE, type DeployJob } from '../shared/queues.ts';
import type { RedisConnection } from '../shared/redis.ts';
import { adaptSettleTime } from './adapt-settle-time.ts';
import type { ProcessDependencies } from './open-attempt.ts';
import { paceRequests } from './pace-requests.ts';
import { openRecheck } from './recheck-repair.ts';
import { RetryError } from './retry-error.ts';
import { logConnectionErrors, workerOptions } from './worker-options.ts';

export function openDeployWorker(
  core: Core,
  connection: RedisConnection,
  processor: Processor<DeployJob>,
): Worker<DeployJob> {
  const { settings, telemetry } = core;
  const worker = new Worker<DeployJob>(DEPLOY_QUEUE, processor, {
    ...workerOptions(core, connection),
    ...(telemetry.queues === undefined ? {} : { telemetry: telemetry.queues }),
    concurrency: settings.concurrency,
    settings: {
      backoffStrategy: (_made, _type, error) => (error instanceof RetryError ? error.delayMs : 1_000),
    },
  });
  logConnectionErrors(worker, core.log.child({ logger: 'worker' }));
  return worker;
}

export function processDependencies(
  core: Core,
  running: Pick<ProcessDependencies, 'leases' | 'outage' | 'waker' | 'events' | 'stopping'>,
): ProcessDependencies {
  const { settings, log, client, cluster, metrics, state, policy } = core;
  return {
    client,
    cluster,
    metrics,
    state,
    ...running,
    settleTime: adaptSettleTime(),
    pace: paceRequests({ qps: settings.kubeApiQps, budget: state, metrics }),
    recheckRepair: openRecheck({ cluster, state, policy, healsScaledDown: settings.healScaledDown }),
    log: log.child({ logger: 'deploy' }),
    maxAttempts: settings.maxAttempts,
    backoff: { baseMs: settings.retryBackoffBase * 1000, capMs: settings.retryBackoffCap * 1000 },
    settings: {
      manageRbac: settings.manageRbac,
      progressDeadlineMs: settings.progressDeadline * 1000,
      bootstrapDeadlineMs: settings.bootstrapDeadline * 1000,
      maxInFlight: settings.maxInFlight,
    },
  };
}
