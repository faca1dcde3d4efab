import { hostname } from 'node:os';
import { MetricsTime, type Processor, Worker } from 'bullmq';
import express from 'express';
import type { Logger } from 'pino';
import { messageOf, SkipperError, toError } from '../domain/errors.ts';
import type { TargetState } from '../domain/rollout/rollout.ts';
import type { Core } from '../shared/core.ts';
import { brokenWatches, coreProblems, coreWarnings, refreshGauges } from '../shared/http/gauges.ts';
import { type Listening, listen, listenNear } from '../shared/http/listen.ts';
import { operationsRouter } from '../shared/http/operations.ts';
import { readConfigInTime } from '../shared/kubernetes/read-namespace-config.ts';
import { type BegunWatch, watchBegun } from '../shared/kubernetes/watch-begun.ts';
import { openWebhookSender, type WebhookSender } from '../shared/notify/send-webhook.ts';
import { pause } from '../shared/pause.ts';
import {
  DEPLOY_QUEUE,
  type DeployJob,
  HEAL_QUEUE,
  LOG_QUEUE,
  type LogJob,
  NOTIFICATION_QUEUE,
  type NotificationJob,
  PLAN_QUEUE,
  type PlanJob,
  RELEASE_CHECK_QUEUE,
  REPAIR_JOB,
  ROLLOUT_QUEUE,
  type RolloutJob,
} from '../shared/queues.ts';
import { readCa } from '../shared/read-pem.ts';
import { connectRedisForWorker, isReady, type RedisConnection, untilReady } from '../shared/redis.ts';
import { inSpan } from '../shared/telemetry/spans.ts';
import { adaptSettleTime } from './adapt-settle-time.ts';
import { checkReleases } from './check-releases.ts';
import { decideRolloutJob } from './decide-rollout-job.ts';
import { deliverNotifications, deliveryDelay } from './deliver-notification.ts';
import { dryRunPlan } from './dry-run-plan.ts';
import { ensureCrds } from './ensure-crds.ts';
import { type HealDependencies, healFleet } from './heal-fleet.ts';
import { isBlind } from './is-blind.ts';
import { keepNotifications } from './keep-notifications.ts';
import { keepRollouts } from './keep-rollouts.ts';
import { keepSchedules } from './keep-schedules.ts';
import { keepLeases } from './leases.ts';
import { noteOutages } from './note-outages.ts';
import type { ProcessDependencies } from './open-attempt.ts';
import { paceRequests } from './pace-requests.ts';
import { printAudit } from './print-audit.ts';
import { processJob } from './process-job.ts';
import { type EventPublisher, publishEvents } from './publish-events.ts';
import { readNamespaceLogs } from './read-namespace-logs.ts';
import { readQuotaLimits } from './read-quota-limits.ts';
import { relayEvents } from './relay-events.ts';
import { createRest, type Rest } from './rest.ts';
import { RetryError } from './retry-error.ts';
import { keepStateSaved, type StateSaver } from './save-state.ts';
import { sendHeartbeats } from './send-heartbeats.ts';
import { untilWhole } from './until-whole.ts';
import { wakeParked } from './wake-parked.ts';
import { type Activity, tracked, watchFetching } from './watch-fetching.ts';
import { type Outage, type OutageOptions, RESUME_SPREAD_MS, watchOutage } from './watch-outage.ts';

/** A killed worker's jobs are picked up by another one within the sum of these two. */
const LOCK_MS = 5_000;
const STALLED_CHECK_MS = 1_500;
/** A job stalls if its worker died: that does not count as a failure of the job. */
const MAX_STALLS = 100;
/** Time for running jobs to hand over, after the grace period. */
const HANDOVER_MS = 5_000;
const CLOSE_MS = 1_000;
const DAY_MS = 24 * 3_600_000;
const USUAL_PORT = 5001;
const USABLE_POLL_MS = 1_000;
const BLIND_CHECK_MS = 3_000;

export interface RunningWorker {
  /** Port of health and metrics. */
  readonly port: number;
  /** Why it takes no jobs, although it has started. */
  problems(): string[];
  /** Resolves, with the reason, when the worker cannot work any more and its process should exit. */
  readonly broken: Promise<Error>;
  /** Lets running jobs finish, at most for the grace period; the rest are handed over to other workers. */
  stop(): Promise<void>;
}

/** Starts a worker: waits for Redis and the cluster indefinitely, and shows on /readyz what it is waiting for. */
export async function startWorker(core: Core, options: { ownHttp: boolean }): Promise<RunningWorker> {
  const { settings } = core;
  const log = core.log.child({ logger: 'worker' });
  const ending = new AbortController();
  let started: Started | undefined;
  const http = options.ownHttp ? await listenForProbes(core, () => started) : undefined;
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
    problems: () => started?.problems() ?? [],
    stop: async () => {
      ending.abort(new SkipperError('shutting_down', 'the worker is stopping'));
      await started?.stop(settings.gracePeriod * 1000);
      await http?.close();
    },
  };
}

/** Health and metrics of a process that serves nothing else. */
async function listenForProbes(core: Core, started: () => Started | undefined): Promise<Listening> {
  const { host, workerPort } = core.settings;
  const app = express().disable('x-powered-by');
  app.use(
    operationsRouter({
      registry: core.metrics.registry,
      unhealthy: () => [],
      unready: () => [
        ...coreProblems(core),
        ...brokenWatches(core),
        ...(started()?.problems() ?? ['the worker has not started yet']),
      ],
      warnings: () => coreWarnings(core),
      refreshGauges: () => refreshGauges(core),
    }),
  );
  const address = { host, port: workerPort ?? USUAL_PORT, setting: '--worker-port' };
  // Several workers can run on one machine: only a port that was set explicitly must be free.
  const listening = await (workerPort === undefined ? listenNear : listen)(app, address);
  const { port } = listening;
  const why = workerPort === undefined && port !== USUAL_PORT ? ` (port ${USUAL_PORT} is in use)` : '';
  core.log.child({ logger: 'worker' }).info({ port }, `serving health and metrics on port ${port}${why}`);
  return listening;
}

interface Started {
  /** Why it takes no jobs at the moment. */
  problems(): string[];
  stop(graceMs: number): Promise<void>;
}

async function begin(core: Core, ending: AbortSignal, onBroken: (error: Error) => void): Promise<Started> {
  await prepare(core, ending);
  const schedules = await keepSchedules(core);
  // Redis has lost them with everything else.
  core.epoch.onOpened(schedules.check);
  const stopping = new AbortController();
  const leases = keepLeases(core.state, core.log.child({ logger: 'leases' }));
  const connection = connectRedisForWorker(core.redisAddress, core.log.child({ logger: 'redis' }));
  const activity: Activity = { active: 0, changedAt: Date.now() };
  const log = core.log.child({ logger: 'worker' });
  const deployRest = createRest(() => deployWorker, log);
  const maintenanceRest = createRest(() => maintenanceWorker, log);
  const outage = openOutage(core, {
    rest: async () => deployRest.begin('cluster'),
    resume: async () => deployRest.end('cluster'),
  });
  const { cluster, deployQueue: queue, state } = core;
  // Parked runs make no requests that could fail.
  const outageClock = setInterval(() => {
    if (isBlind(cluster)) void outage.check();
  }, BLIND_CHECK_MS);
  const heartbeats = sendHeartbeats(state, log);
  const waker = wakeParked({ cluster, queue, state, log });
  const rollouts = keepRollouts({ queue: core.rolloutQueue, state, policy: core.policy, log });
  const notifications = keepNotifications({
    queue: core.notificationQueue,
    state,
    receivers: core.receivers,
    log: core.log.child({ logger: 'notifications' }),
  });
  const webhooks = await openWebhooks(core);
  const events = openEvents(core);
  const dependencies = processDependencies(core, {
    leases,
    outage,
    waker,
    events: events?.publisher,
    stopping: stopping.signal,
  });
  const deployWorker: Worker<DeployJob> = openDeployWorker(core, connection, (job, token) =>
    tracked(activity, () => processJob(job, token, dependencies).finally(rollouts.kick)),
  );
  const maintenanceWorker = openMaintenanceWorker(core, connection);
  const saver = keepStateSaved({
    ...core,
    log: core.log.child({ logger: 'state' }),
    configMap: core.stateConfigMap,
  });
  const rolloutWorker = openRolloutWorker(core, connection, saver);
  const logWorker = openLogWorker(core, connection);
  const planWorker = openPlanWorker(core, connection);
  const notificationWorker = openNotificationWorker(core, connection, webhooks);
  const begun = watchDeaf(core);
  const healWorker = openHealWorker(core, connection, begun);
  const workers = [
    deployWorker,
    rolloutWorker,
    maintenanceWorker,
    logWorker,
    planWorker,
    notificationWorker,
    healWorker,
  ];
  const logRest = createRest(() => logWorker, log);
  const rolloutRest = createRest(() => rolloutWorker, log);
  const planRest = createRest(() => planWorker, log);
  const notificationRest = createRest(() => notificationWorker, log);
  const healRest = createRest(() => healWorker, log);
  const rests = [deployRest, rolloutRest, maintenanceRest, logRest, planRest, notificationRest, healRest];
  const redisRest = restWithoutRedis(core, rests);
  const outageNotes = noteOutages({
    problemOf: (kind) => (kind === 'redis' ? redisProblem(core) : outage.current()),
    state,
    log,
  });
  const printer =
    core.settings.auditLog === 'stdout'
      ? printAudit({ state, log, print: (line) => process.stdout.write(line) })
      : undefined;
  const watchdog = watchFetching(deployWorker, activity, core, onBroken);
  return {
    problems: () => {
      const reason = outage.current();
      return reason === undefined ? [] : [`the deploy queue rests: ${reason}`];
    },
    stop: async (graceMs) => {
      clearInterval(outageClock);
      outageNotes.stop();
      outage.stop();
      redisRest.stop();
      watchdog.stop();
      schedules.stop();
      waker.stop();
      rollouts.stop();
      notifications.stop();
      saver.stop();
      heartbeats.stop();
      const drained = Promise.all(workers.map((worker) => worker.close()));
      await Promise.race([drained, pause(graceMs, { ref: false })]);
      stopping.abort(new SkipperError('shutting_down', 'the grace period is over'));
      await Promise.race([drained, pause(HANDOVER_MS, { ref: false })]);
      leases.stop();
      const left = Promise.all([printer?.stop(), events?.relay.stop()]);
      await Promise.race([left, pause(CLOSE_MS, { ref: false })]);
      events?.publisher.stop();
      const closed = Promise.all(workers.map((worker) => worker.close(true)));
      await Promise.race([closed, pause(CLOSE_MS, { ref: false })]);
      await webhooks.close();
      await begun?.stop();
      connection.disconnect();
    },
  };
}

/** Waits for everything that the first job needs. */
async function prepare(core: Core, ending: AbortSignal): Promise<void> {
  const { settings, client, cluster } = core;
  await untilUsable(core, ending);
  if (!settings.disableCrdCreation) await ensureCrds(client, core.log.child({ logger: 'worker' }), ending);
  await cluster.synced();
  ending.throwIfAborted();
}

/** Waits for Redis, and for all permissions in it. */
async function untilUsable({ redis, redisHealth }: Core, ending: AbortSignal): Promise<void> {
  for (;;) {
    await untilReady(redis, ending);
    ending.throwIfAborted();
    const problems = await redisHealth.check();
    if (isReady(redis) && !problems.some(({ blocks }) => blocks)) return;
    await pause(USABLE_POLL_MS, { signal: ending });
  }
}

/** While Redis refuses writes, fetched jobs would only fail, one after the other. */
function restWithoutRedis({ redisHealth }: Core, rests: readonly Rest[]): { stop(): void } {
  const stopping = new AbortController();
  let isBlocked = false;
  redisHealth.onChange(async (problems) => {
    isBlocked = problems.some(({ blocks }) => blocks);
    if (isBlocked) {
      for (const rest of rests) rest.begin('redis');
      return;
    }
    await pause(RESUME_SPREAD_MS * Math.random(), { signal: stopping.signal });
    if (isBlocked || stopping.signal.aborted) return;
    for (const rest of rests) rest.end('redis');
  });
  return { stop: () => stopping.abort() };
}

function redisProblem({ redis, redisHealth }: Pick<Core, 'redis' | 'redisHealth'>): string | undefined {
  if (!isReady(redis)) return 'it is not connected';
  return redisHealth.problems().find(({ blocks }) => blocks)?.text;
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

/** It keeps a few bytes of every Application, so only if its evidence is used. */
function watchDeaf({ client, settings, log }: Core): BegunWatch | undefined {
  if (settings.heal === 'off' || settings.deafAfter === 0) return undefined;
  return watchBegun({ client, log: log.child({ logger: 'deaf' }) });
}

/** Passes of healing: one at a time in the whole fleet. */
function openHealWorker(core: Core, connection: RedisConnection, begun: BegunWatch | undefined): Worker {
  const log = core.log.child({ logger: 'healing' });
  const dependencies = { ...healDependencies(core, log), begun };
  const worker = new Worker(HEAL_QUEUE, () => inSpan('heal', {}, () => healFleet(dependencies)), {
    ...workerOptions(core, connection),
    concurrency: 1,
  });
  logConnectionErrors(worker, log);
  worker.on('failed', (_job, error) =>
    log.warn({ err: error }, 'a pass of healing failed; the next one repeats it'),
  );
  return worker;
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

/** Decisions about rollouts; those about one rollout never run at the same time. */
function openRolloutWorker(
  core: Core,
  connection: RedisConnection,
  { saveNow: saveState }: Pick<StateSaver, 'saveNow'>,
): Worker<RolloutJob> {
  const log = core.log.child({ logger: 'rollouts' });
  const { state, cluster, client, jobs, policy, metrics } = core;
  const onEnd = (ended: TargetState) => metrics.rolloutsEnded.inc({ state: ended });
  const worker = new Worker<RolloutJob>(
    ROLLOUT_QUEUE,
    ({ data }) =>
      decideRolloutJob(data.rolloutId, { state, cluster, client, jobs, policy, log, onEnd, saveState }),
    { ...workerOptions(core, connection), concurrency: 4 },
  );
  logConnectionErrors(worker, log);
  worker.on('completed', () => metrics.rolloutDecisions.inc({ result: 'ok' }));
  worker.on('failed', (_job, error) => {
    metrics.rolloutDecisions.inc({ result: 'error' });
    log.warn({ err: error }, 'a decision about a rollout failed; it is repeated');
  });
  return worker;
}

/** Nobody waits for a request that is older. */
const LOG_REQUEST_MS = 15_000;

/** Reads logs for the API, which may not: docs/decisions/0012-a-worker-reads-logs.md. */
function openLogWorker(core: Core, connection: RedisConnection): Worker<LogJob> {
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
function openPlanWorker(core: Core, connection: RedisConnection): Worker<PlanJob> {
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

async function openWebhooks({ settings }: Core): Promise<WebhookSender> {
  const { httpProxy, httpsProxy, noProxy } = settings;
  const ca = await readCa(settings.releaseCaFile, '--release-ca-file');
  return openWebhookSender({ ca, httpProxy, httpsProxy, noProxy });
}

/** Messages to receivers. Those that hang, or refuse, do not delay the others. */
function openNotificationWorker(
  core: Core,
  connection: RedisConnection,
  webhooks: WebhookSender,
): Worker<NotificationJob> {
  const log = core.log.child({ logger: 'notifications' });
  const { receivers, state, metrics, settings } = core;
  const sender = {
    base: `${settings.publicUrl?.replace(/\/$/, '') ?? ''}${settings.basePath}`,
    environment: settings.environmentLabel,
  };
  const fromZero = () => {
    // An alert on an increase would miss the first one if there were no 0 before it.
    for (const { name } of receivers.current().receivers)
      metrics.notifications.inc({ receiver: name, result: 'dropped' }, 0);
  };
  fromZero();
  receivers.onChange(fromZero);
  const worker = new Worker<NotificationJob>(
    NOTIFICATION_QUEUE,
    deliverNotifications({ receivers, webhooks, state, metrics, sender, log }),
    {
      ...workerOptions(core, connection),
      concurrency: 20,
      settings: { backoffStrategy: deliveryDelay },
    },
  );
  logConnectionErrors(worker, log);
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
    // Throughput per minute, for the board.
    metrics: { maxDataPoints: MetricsTime.ONE_WEEK },
  };
}

function logConnectionErrors(worker: Worker, log: Logger): void {
  worker.on('error', (error) => log.debug({ err: error }, 'queue connection error'));
}

/** A worker whose API server is unreachable takes no jobs until it answers. */
function openOutage(core: Core, { rest, resume }: Pick<OutageOptions, 'rest' | 'resume'>): Outage {
  const { client, metrics, state } = core;
  const log = core.log.child({ logger: 'worker' });
  const worker = `${hostname()}-${process.pid}`;
  metrics.resting.set(0);
  return watchOutage({
    client,
    rest,
    resume,
    log,
    publish: async (reason) => {
      metrics.resting.set(reason === undefined ? 0 : 1);
      await state
        .saveResting(worker, reason)
        .catch((error: unknown) =>
          log.debug({ reason: messageOf(error) }, 'the rest could not be published'),
        );
    },
  });
}

interface Events {
  readonly publisher: EventPublisher;
  readonly relay: ReturnType<typeof relayEvents>;
}

/** Events on Applications; undefined if they are switched off. */
function openEvents({ settings, client, cluster, state, ...core }: Core): Events | undefined {
  if (settings.disableKubernetesEvents) return undefined;
  const log = core.log.child({ logger: 'events' });
  const publisher = publishEvents({ client, cluster, log });
  return { publisher, relay: relayEvents({ state, events: publisher, log }) };
}

function processDependencies(
  core: Core,
  running: Pick<ProcessDependencies, 'leases' | 'outage' | 'waker' | 'events' | 'stopping'>,
): ProcessDependencies {
  const { settings, log, client, cluster, metrics, state } = core;
  return {
    client,
    cluster,
    metrics,
    state,
    ...running,
    settleTime: adaptSettleTime(),
    pace: paceRequests({ qps: settings.kubeApiQps, budget: state, metrics }),
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
