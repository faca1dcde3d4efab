import { MetricsTime, type Processor, Worker } from 'bullmq';
import express from 'express';
import type { Logger } from 'pino';
import { SkipperError, toError } from '../domain/errors.ts';
import type { Core } from '../shared/core.ts';
import { brokenWatches, coreProblems, coreWarnings, refreshGauges } from '../shared/http/gauges.ts';
import { type Listening, listen, listenNear } from '../shared/http/listen.ts';
import { operationsRouter } from '../shared/http/operations.ts';
import { pause } from '../shared/pause.ts';
import { DEPLOY_QUEUE, type DeployJob, RELEASE_CHECK_JOB, RELEASE_CHECK_QUEUE } from '../shared/queues.ts';
import { connectRedisForWorker, type RedisConnection, untilReady } from '../shared/redis.ts';
import {
  isSameSchedule,
  type ReleaseCheckJob,
  readReleaseCheckSchedule,
} from '../shared/release-check-schedule.ts';
import { inSpan } from '../shared/telemetry/spans.ts';
import { checkReleases } from './check-releases.ts';
import { ensureCrds } from './ensure-crds.ts';
import { keepLeases, type Leases } from './leases.ts';
import { type ProcessDependencies, processJob, RetryError } from './process-job.ts';
import { type Activity, tracked, watchFetching } from './watch-fetching.ts';

/** A killed worker's jobs are taken up by another one within the sum of these two. */
const LOCK_MS = 5_000;
const STALLED_CHECK_MS = 1_500;
/** A job that stalls was on a worker that died: that is the worker's failure, not the job's. */
const MAX_STALLS = 100;
const REPAIR_JOB = 'repair';
const REPAIR_INTERVAL_MS = 15_000;
/** Time for running jobs to hand over, after the grace period. */
const HANDOVER_MS = 5_000;
const CLOSE_MS = 1_000;
const USUAL_PORT = 5001;

export interface RunningWorker {
  /** Port of health and metrics. */
  readonly port: number;
  /** Resolves, with the reason, when the worker can no longer do its work and its process should end. */
  readonly broken: Promise<Error>;
  /** Lets running jobs end, at most for the grace period; what is left is handed to other workers. */
  stop(): Promise<void>;
}

/** Starts a worker: waits for Redis and the cluster as long as it takes, and says on /readyz what it waits for. */
export async function startWorker(core: Core, options: { ownHttp: boolean }): Promise<RunningWorker> {
  const { settings } = core;
  const log = core.log.child({ logger: 'worker' });
  const ending = new AbortController();
  let started: Started | undefined;
  const http = options.ownHttp ? await listenForProbes(core, () => started !== undefined) : undefined;
  const broken = new Promise<Error>((resolve) => {
    begin(core, ending.signal, resolve)
      .then((running) => {
        started = running;
        log.info({ concurrency: settings.concurrency }, 'worker is ready');
      })
      .catch((error: unknown) => {
        if (!ending.signal.aborted) resolve(toError(error));
      });
  });
  return {
    port: http?.port ?? 0,
    broken,
    stop: async () => {
      ending.abort(new SkipperError('shutting_down', 'the worker stops'));
      await started?.stop(settings.gracePeriod * 1000);
      await http?.close();
    },
  };
}

/** Health and metrics of a process that serves nothing else. */
async function listenForProbes(core: Core, isStarted: () => boolean): Promise<Listening> {
  const { host, workerPort } = core.settings;
  const app = express().disable('x-powered-by');
  app.use(
    operationsRouter({
      registry: core.metrics.registry,
      unhealthy: () => [],
      unready: () => [
        ...coreProblems(core),
        ...brokenWatches(core),
        ...(isStarted() ? [] : ['the worker has not started yet']),
      ],
      warnings: () => coreWarnings(core),
      refreshGauges: () => refreshGauges(core),
    }),
  );
  const address = { host, port: workerPort ?? USUAL_PORT, setting: '--worker-port' };
  // Several workers can run on one machine: only a port that somebody chose has to be free.
  const listening = await (workerPort === undefined ? listenNear : listen)(app, address);
  const { port } = listening;
  const why = workerPort === undefined && port !== USUAL_PORT ? ` (port ${USUAL_PORT} is in use)` : '';
  core.log.child({ logger: 'worker' }).info({ port }, `health and metrics are on port ${port}${why}`);
  return listening;
}

interface Started {
  stop(graceMs: number): Promise<void>;
}

async function begin(core: Core, ending: AbortSignal, onBroken: (error: Error) => void): Promise<Started> {
  await prepare(core, ending);
  const stopping = new AbortController();
  const leases = keepLeases(core.state, core.log.child({ logger: 'leases' }));
  const connection = connectRedisForWorker(core.redisAddress, core.log.child({ logger: 'redis' }));
  const activity: Activity = { active: 0, changedAt: Date.now() };
  const dependencies = processDependencies(core, leases, stopping.signal);
  const deployWorker = openDeployWorker(core, connection, (job, token) =>
    tracked(activity, () => processJob(job, token, dependencies)),
  );
  const workers = [deployWorker, openMaintenanceWorker(core, connection)];
  const watchdog = watchFetching(deployWorker, activity, core, onBroken);
  return {
    stop: async (graceMs) => {
      watchdog.stop();
      const drained = Promise.all(workers.map((worker) => worker.close()));
      await Promise.race([drained, pause(graceMs, { ref: false })]);
      stopping.abort(new SkipperError('shutting_down', 'the grace period is over'));
      await Promise.race([drained, pause(HANDOVER_MS, { ref: false })]);
      leases.stop();
      const closed = Promise.all(workers.map((worker) => worker.close(true)));
      await Promise.race([closed, pause(CLOSE_MS, { ref: false })]);
      connection.disconnect();
    },
  };
}

/** Everything that must be there before the first job. */
async function prepare(core: Core, ending: AbortSignal): Promise<void> {
  const { settings, client, cluster, redis } = core;
  await untilReady(redis, ending);
  ending.throwIfAborted();
  if (!settings.disableCrdCreation) await ensureCrds(client, core.log.child({ logger: 'worker' }), ending);
  await cluster.synced();
  ending.throwIfAborted();
  await scheduleMaintenance(core);
}

async function scheduleMaintenance({
  releaseCheckQueue: queue,
  settings,
  log,
}: Pick<Core, 'releaseCheckQueue' | 'settings' | 'log'>): Promise<void> {
  const every = settings.releaseCheckInterval * 1000;
  const data: ReleaseCheckJob = { autoUpdate: !settings.disableAutoupdate };
  const before = await readReleaseCheckSchedule(queue);
  const after = { autoUpdate: data.autoUpdate, intervalSeconds: settings.releaseCheckInterval };
  if (before !== undefined && !isSameSchedule(before, after)) {
    log
      .child({ logger: 'worker' })
      .warn({ before, after }, 'release check changed: give all workers the same settings');
  }
  await queue.upsertJobScheduler(RELEASE_CHECK_JOB, { every }, { name: RELEASE_CHECK_JOB, data });
  await queue.upsertJobScheduler(REPAIR_JOB, { every: REPAIR_INTERVAL_MS }, { name: REPAIR_JOB });
  // However many workers there are, one check of the channels at a time is enough.
  await queue.setGlobalConcurrency(1);
}

function openDeployWorker(
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

function openMaintenanceWorker(core: Core, connection: RedisConnection): Worker {
  const worker = new Worker(RELEASE_CHECK_QUEUE, maintain(core), {
    ...workerOptions(core, connection),
    concurrency: 1,
  });
  const log = core.log.child({ logger: 'worker' });
  logConnectionErrors(worker, log);
  worker.on('failed', (_job, error) => log.error({ err: error }, 'release check failed'));
  return worker;
}

function workerOptions({ prefix }: Pick<Core, 'prefix'>, connection: RedisConnection) {
  return {
    connection,
    prefix,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: MAX_STALLS,
    name: `pid-${process.pid}`,
    // Throughput by the minute, as the board draws it.
    metrics: { maxDataPoints: MetricsTime.ONE_WEEK },
  };
}

function logConnectionErrors(worker: Worker, log: Logger): void {
  worker.on('error', (error) => log.debug({ err: error }, 'queue connection error'));
}

function processDependencies(core: Core, leases: Leases, stopping: AbortSignal): ProcessDependencies {
  const { settings, log, client, cluster, metrics, state } = core;
  return {
    client,
    cluster,
    metrics,
    state,
    leases,
    stopping,
    log: log.child({ logger: 'deploy' }),
    maxAttempts: settings.maxAttempts,
    backoff: { baseMs: settings.retryBackoffBase * 1000, capMs: settings.retryBackoffCap * 1000 },
    settings: {
      manageRbac: settings.manageRbac,
      progressDeadlineMs: settings.progressDeadline * 1000,
      bootstrapDeadlineMs: settings.bootstrapDeadline * 1000,
    },
  };
}

/** What is done beside the deploys: jobs that were lost are queued again, channels are checked. */
function maintain({ cluster, releases, state, service, metrics, settings, ...core }: Core): Processor {
  const log = core.log.child({ logger: 'release-check' });
  const autoupdate = !settings.disableAutoupdate;
  const dependencies = { cluster, releases, state, service, metrics, log, autoupdate };
  return async (job) => {
    if (job.name === REPAIR_JOB) return { repaired: await service.repair() };
    return inSpan('release check', {}, () => checkReleases(job, dependencies));
  };
}
