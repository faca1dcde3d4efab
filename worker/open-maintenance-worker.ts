import { type Processor, Worker } from 'bullmq';
import { DAY_MS } from '../domain/time-parts.ts';
import type { Core } from '../shared/core.ts';
import { readConfigInTime } from '../shared/kubernetes/read-namespace-config.ts';
import { RELEASE_CHECK_QUEUE, REPAIR_JOB } from '../shared/queues.ts';
import type { RedisConnection } from '../shared/redis.ts';
import { inSpan } from '../shared/telemetry/spans.ts';
import { checkReleases } from './check-releases.ts';
import { untilWhole } from './until-whole.ts';
import { logConnectionErrors, workerOptions } from './worker-options.ts';

export function openMaintenanceWorker(core: Core, connection: RedisConnection): Worker {
  const worker = new Worker(RELEASE_CHECK_QUEUE, maintain(core), {
    ...workerOptions(core, connection),
    concurrency: 1,
  });
  const log = core.log.child({ logger: 'worker' });
  logConnectionErrors(worker, log);
  worker.on('failed', (_job, error) => log.error({ err: error }, 'release check failed'));
  return worker;
}

/** The maintenance jobs: the repair of lost deploy jobs, and the release check. */
function maintain({
  cluster,
  releases,
  state,
  service,
  metrics,
  settings,
  policy,
  ...core
}: Core): Processor {
  const log = core.log.child({ logger: 'release-check' });
  const autoupdate = !settings.disableAutoupdate;
  const intervalSeconds = settings.releaseCheckInterval;
  const readConfig = (namespace: string) => readConfigInTime(core.client, namespace);
  const known = { cluster, releases, state, service, policy, readConfig, metrics };
  const dependencies = { ...known, log, autoupdate, intervalSeconds, heal: settings.heal };
  return async (job) => {
    await untilWhole(state);
    if (job.name === REPAIR_JOB) {
      await state.trimAudit(Date.now() - settings.auditRetention * DAY_MS);
      return { repaired: await service.repair() };
    }
    return inSpan('release check', {}, () => checkReleases(job, dependencies));
  };
}
