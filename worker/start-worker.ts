import { hostname } from 'node:os';
import type { Worker } from 'bullmq';
import express from 'express';
import { messageOf, SkipperError, toError } from '../domain/errors.ts';
import type { Core } from '../shared/core.ts';
import { brokenWatches, coreProblems, coreWarnings, refreshGauges } from '../shared/http/gauges.ts';
import { type Listening, listen, listenNear } from '../shared/http/listen.ts';
import { operationsRouter } from '../shared/http/operations.ts';
import { pause } from '../shared/pause.ts';
import type { DeployJob } from '../shared/queues.ts';
import { connectRedisForWorker, isReady, untilReady } from '../shared/redis.ts';
import { ensureCrds } from './ensure-crds.ts';
import { isBlind } from './is-blind.ts';
import { keepNotifications } from './keep-notifications.ts';
import { keepRollouts } from './keep-rollouts.ts';
import { keepSchedules } from './keep-schedules.ts';
import { keepLeases } from './leases.ts';
import { noteOutages } from './note-outages.ts';
import { openLogWorker, openPlanWorker } from './open-answer-workers.ts';
import { openDeployWorker, processDependencies } from './open-deploy-worker.ts';
import { openHealWorker, watchDeaf } from './open-heal-worker.ts';
import { openMaintenanceWorker } from './open-maintenance-worker.ts';
import { openNotificationWorker, openWebhooks } from './open-notification-worker.ts';
import { openRolloutWorker } from './open-rollout-worker.ts';
import { printAudit } from './print-audit.ts';
import { processJob } from './process-job.ts';
import { type EventPublisher, publishEvents } from './publish-events.ts';
import { relayEvents } from './relay-events.ts';
import { createRest, type Rest } from './rest.ts';
import { keepStateSaved } from './save-state.ts';
import { sendHeartbeats } from './send-heartbeats.ts';
import { wakeParked } from './wake-parked.ts';
import { type Activity, tracked, watchFetching } from './watch-fetching.ts';
import { type Outage, type OutageOptions, RESUME_SPREAD_MS, watchOutage } from './watch-outage.ts';

/** Time for running jobs to hand over, after the grace period. */
const HANDOVER_MS = 5_000;
const CLOSE_MS = 1_000;
/** A receiver that hangs must not use up the grace period of deploys: another worker sends the message again, with the same id. */
const DELIVERY_GRACE_MS = 2_000;
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
  core.epoch.onOpened(schedules.renew);
  const stopping = new AbortController();
  const leases = keepLeases(core.state, core.log.child({ logger: 'leases' }));
  const connection = connectRedisForWorker(core.redisAddress, core.log.child({ logger: 'redis' }));
  const activity: Activity = { active: 0, changedAt: Date.now() };
  const log = core.log.child({ logger: 'worker' });
  const deployRest = createRest(() => deployWorker, log);
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
  const saver = keepStateSaved({
    ...core,
    log: core.log.child({ logger: 'state' }),
    configMap: core.stateConfigMap,
  });
  const begun = watchDeaf(core);
  const others: readonly Worker[] = [
    openMaintenanceWorker(core, connection),
    openRolloutWorker(core, connection, saver),
    openLogWorker(core, connection),
    openPlanWorker(core, connection),
    openNotificationWorker(core, connection, webhooks),
    openHealWorker(core, connection, begun),
  ];
  const workers = [deployWorker, ...others];
  const redisRest = restWithoutRedis(core, [
    deployRest,
    ...others.map((worker) => createRest(() => worker, log)),
  ]);
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
      const undelivered = pause(DELIVERY_GRACE_MS, { ref: false }).then(webhooks.close);
      await Promise.race([drained, pause(graceMs, { ref: false })]);
      stopping.abort(new SkipperError('shutting_down', 'the grace period is over'));
      await Promise.race([drained, pause(HANDOVER_MS, { ref: false })]);
      leases.stop();
      const left = Promise.all([printer?.stop(), events?.relay.stop()]);
      await Promise.race([left, pause(CLOSE_MS, { ref: false })]);
      events?.publisher.stop();
      const closed = Promise.all(workers.map((worker) => worker.close(true)));
      await Promise.race([closed, pause(CLOSE_MS, { ref: false })]);
      await Promise.race([undelivered, webhooks.close()]);
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
