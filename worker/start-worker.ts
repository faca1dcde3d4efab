import { type Job, MetricsTime, Worker } from 'bullmq';
import express from 'express';
import { SkipperError } from '../domain/errors.ts';
import type { Core } from '../shared/core.ts';
import { coreProblems, refreshGauges } from '../shared/http/gauges.ts';
import { type Listening, listen } from '../shared/http/listen.ts';
import { operationsRouter } from '../shared/http/operations.ts';
import { DEPLOY_QUEUE, type DeployJob, RELEASE_CHECK_JOB, RELEASE_CHECK_QUEUE } from '../shared/queues.ts';
import { connectRedisForWorker, untilReady } from '../shared/redis.ts';
import { inSpan } from '../shared/telemetry/spans.ts';
import { checkReleases } from './check-releases.ts';
import { ensureCrds } from './ensure-crds.ts';
import { keepLeases } from './leases.ts';
import { type ProcessDependencies, processJob, RetryError } from './process-job.ts';
import { type Activity, tracked, watchFetching } from './watch-fetching.ts';

/** A killed worker's jobs are taken up by another one within the sum of these two. */
const LOCK_MS = 5_000;
const STALLED_CHECK_MS = 1_500;
/** A job that stalls was on a worker that died: that is the worker's failure, not the job's. */
const MAX_STALLS = 100;
const REPAIR_JOB = 'repair';
const REPAIR_INTERVAL_MS = 15_000;

export interface RunningWorker {
  /** Port of health and metrics. */
  readonly port: number;
  /** Resolves, with the reason, when the worker can no longer do its work and its process should end. */
  readonly broken: Promise<Error>;
  /** Lets running jobs end, at most for the grace period; what is left is handed to other workers. */
  stop(): Promise<void>;
}

/** Starts a worker: waits for Redis and the cluster as long as it takes, telling /readyz why. */
export async function startWorker(core: Core, options: { ownHttp: boolean }): Promise<RunningWorker> {
  const { settings } = core;
  const log = core.log.child({ logger: 'worker' });
  const ending = new AbortController();
  let started: Started | undefined;
  let http: Listening | undefined;
  if (options.ownHttp) {
    const app = express().disable('x-powered-by');
    app.use(
      operationsRouter({
        registry: core.metrics.registry,
        unhealthy: () => [],
        unready: () => [...coreProblems(core), ...(started ? [] : ['the worker has not started yet'])],
        refreshGauges: () => refreshGauges(core),
      }),
    );
    http = await listen(app, { host: settings.host, port: settings.workerPort, setting: '--worker-port' });
  }
  const broken = new Promise<Error>((resolve) => {
    begin(core, ending.signal, resolve)
      .then((running) => {
        started = running;
        log.info({ concurrency: settings.concurrency }, 'worker is ready');
      })
      .catch((error: unknown) => {
        if (!ending.signal.aborted) resolve(error instanceof Error ? error : new Error(String(error)));
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

interface Started {
  stop(graceMs: number): Promise<void>;
}

async function begin(core: Core, ending: AbortSignal, onBroken: (error: Error) => void): Promise<Started> {
  const { settings, client, cluster, redis, prefix, releaseCheckQueue } = core;
  const log = core.log.child({ logger: 'worker' });
  await untilReady(redis, ending);
  ending.throwIfAborted();
  if (!settings.disableCrdCreation) await ensureCrds(client, log, ending);
  await cluster.synced();
  ending.throwIfAborted();
  await releaseCheckQueue.upsertJobScheduler(
    RELEASE_CHECK_JOB,
    { every: settings.releaseCheckInterval * 1000 },
    { name: RELEASE_CHECK_JOB },
  );
  await releaseCheckQueue.upsertJobScheduler(REPAIR_JOB, { every: REPAIR_INTERVAL_MS }, { name: REPAIR_JOB });
  // However many workers there are, one look at the channels at a time is enough.
  await releaseCheckQueue.setGlobalConcurrency(1);

  const stopping = new AbortController();
  const leases = keepLeases(core.state, core.log.child({ logger: 'leases' }));
  const dependencies = processDependencies(core, leases, stopping.signal);
  const connection = connectRedisForWorker(core.redisAddress, core.log.child({ logger: 'redis' }));
  const shared = {
    connection,
    prefix,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    // Throughput by the minute, as the board draws it.
    metrics: { maxDataPoints: MetricsTime.ONE_WEEK },
  };
  const activity: Activity = { active: 0, changedAt: Date.now() };
  const deployWorker = new Worker<DeployJob>(
    DEPLOY_QUEUE,
    (job, token) => tracked(activity, () => processJob(job, token, dependencies)),
    {
      ...shared,
      ...(core.telemetry.queues === undefined ? {} : { telemetry: core.telemetry.queues }),
      concurrency: settings.concurrency,
      maxStalledCount: MAX_STALLS,
      name: workerName(),
      settings: {
        backoffStrategy: (_made, _type, error) => (error instanceof RetryError ? error.delayMs : 1_000),
      },
    },
  );
  const checkWorker = new Worker(RELEASE_CHECK_QUEUE, (job) => runMaintenance(job, core), {
    ...shared,
    concurrency: 1,
    maxStalledCount: MAX_STALLS,
    name: workerName(),
  });
  const workers = [deployWorker, checkWorker];
  for (const worker of workers) {
    worker.on('error', (error) => log.debug({ err: error }, 'queue connection error'));
  }
  checkWorker.on('failed', (_job, error) => log.error({ err: error }, 'release check failed'));
  const watchdog = watchFetching(deployWorker, activity, core, onBroken);
  return {
    stop: async (graceMs) => {
      watchdog.stop();
      const drained = Promise.all(workers.map((worker) => worker.close()));
      await Promise.race([drained, delay(graceMs)]);
      stopping.abort(new SkipperError('shutting_down', 'the grace period is over'));
      await Promise.race([drained, delay(5_000)]);
      leases.stop();
      await Promise.race([Promise.all(workers.map((worker) => worker.close(true))), delay(1_000)]);
      connection.disconnect();
    },
  };
}

function processDependencies(
  core: Core,
  leases: ReturnType<typeof keepLeases>,
  stopping: AbortSignal,
): ProcessDependencies {
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

async function runMaintenance(job: Job, core: Core): Promise<unknown> {
  if (job.name === REPAIR_JOB) return { repaired: await core.service.repair() };
  return inSpan('release check', {}, () =>
    checkReleases(job, {
      ...core,
      log: core.log.child({ logger: 'release-check' }),
      autoupdate: !core.settings.disableAutoupdate,
    }),
  );
}

function workerName(): string {
  return `pid-${process.pid}`;
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
