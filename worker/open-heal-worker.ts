import { Worker } from 'bullmq';
import type { Logger } from 'pino';
import type { Core } from '../shared/core.ts';
import { type BegunWatch, watchBegun } from '../shared/kubernetes/watch-begun.ts';
import { HEAL_QUEUE } from '../shared/queues.ts';
import type { RedisConnection } from '../shared/redis.ts';
import { type HealDependencies, healFleet } from './heal-fleet.ts';
import { readQuotaLimits } from './read-quota-limits.ts';
import { logConnectionErrors, workerOptions } from './worker-options.ts';

/** Passes of healing: one at a time in the whole fleet. */
export function openHealWorker(
  core: Core,
  connection: RedisConnection,
  begun: BegunWatch | undefined,
): Worker {
  const log = core.log.child({ logger: 'healing' });
  const dependencies = { ...healDependencies(core, log), begun };
  const worker = new Worker(HEAL_QUEUE, () => healFleet(dependencies), {
    ...workerOptions(core, connection),
    concurrency: 1,
  });
  logConnectionErrors(worker, log);
  worker.on('failed', (_job, error) =>
    log.warn({ err: error }, 'a pass of healing failed; the next one repeats it'),
  );
  return worker;
}

/** It keeps a few bytes of every Application, so only if its evidence is used. */
export function watchDeaf({ client, settings, log }: Core): BegunWatch | undefined {
  if (settings.heal === 'off' || settings.deafAfter === 0) return undefined;
  return watchBegun({ client, log: log.child({ logger: 'deaf' }) });
}

function healDependencies(
  { cluster, state, policy, service, client, epoch, metrics, settings }: Core,
  log: Logger,
): HealDependencies {
  const backoffMs = settings.healBackoff * 1000;
  return {
    cluster,
    state,
    policy,
    service,
    onStep: (means) => metrics.healSteps.inc({ means }),
    log,
    rebuilds: epoch.problem,
    readQuotas: (namespace) => readQuotaLimits(client, namespace),
    timings: {
      graceMs: backoffMs,
      deafAfterMs: settings.deafAfter * 1000,
      progressDeadlineMs: settings.progressDeadline * 1000,
      bootstrapDeadlineMs: settings.bootstrapDeadline * 1000,
    },
    settings: {
      mode: settings.heal,
      backoffMs,
      hourlyCap: settings.healHourlyCap,
      stopShare: settings.healStopShare,
      healsScaledDown: settings.healScaledDown,
      intervalSeconds: settings.healInterval,
    },
  };
}
