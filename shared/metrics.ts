import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Every metric that Skipper exports; only this file uses prom-client. Upstream's names come first. */
export function createMetrics() {
  const registers = [new Registry()];
  const [registry] = registers as [Registry];
  collectDefaultMetrics({ register: registry });
  const requestLabels = ['page'] as const;
  return {
    registry,
    deploymentsTriggered: new Counter({
      name: 'deployments_triggered_total',
      help: 'Deployments of FDD that were written to a namespace',
      registers,
    }),
    bootstrapsTriggered: new Counter({
      name: 'bootstraps_triggered_total',
      help: 'Bootstrap pods that were started',
      registers,
    }),
    lastTriggeredDeployment: new Gauge({
      name: 'last_triggered_deployment',
      help: 'When a deployment was last written, in seconds since the epoch',
      registers,
    }),
    enabledNamespaces: new Gauge({
      name: 'fiaas_enabled_namespaces',
      help: 'FIAAS namespaces: those with the ConfigMap of FDD',
      registers,
    }),
    webRequestStarted: new Counter({
      name: 'web_request_started_total',
      help: 'HTTP requests that were received',
      labelNames: requestLabels,
      registers,
    }),
    webRequestFinished: new Counter({
      name: 'web_request_finished_total',
      help: 'HTTP requests that were answered',
      labelNames: requestLabels,
      registers,
    }),
    webRequestException: new Counter({
      name: 'web_request_exception_total',
      help: 'HTTP requests that ended in a server error (5xx)',
      labelNames: requestLabels,
      registers,
    }),
    webRequestLatency: new Histogram({
      name: 'web_request_latency',
      help: 'Duration of HTTP requests in seconds',
      labelNames: requestLabels,
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    requestsRefused: new Counter({
      name: 'skipper_requests_refused_total',
      help: 'Requests that were refused for their token, signature, origin or host, by reason',
      labelNames: ['reason'] as const,
      registers,
    }),
    runs: new Counter({
      name: 'skipper_runs_total',
      help: 'Runs, by outcome',
      labelNames: ['outcome'] as const,
      registers,
    }),
    runDuration: new Histogram({
      name: 'skipper_run_duration_seconds',
      help: 'Duration of a run in seconds',
      buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600],
      registers,
    }),
    attemptsFailed: new Counter({
      name: 'skipper_attempts_failed_total',
      help: 'Attempts that failed, by error code',
      labelNames: ['code'] as const,
      registers,
    }),
    requestsCoalesced: new Counter({
      name: 'skipper_requests_coalesced_total',
      help: 'Requests for a namespace that were merged with an unfinished one',
      registers,
    }),
    releaseChecks: new Counter({
      name: 'skipper_release_checks_total',
      help: 'Checks of the release channels, by result',
      labelNames: ['result'] as const,
      registers,
    }),
    rolloutsEnded: fromZero(
      new Counter({
        name: 'skipper_rollouts_ended_total',
        help: 'Rollouts that this process has ended, by state',
        labelNames: ['state'] as const,
        registers,
      }),
    ),
    rolloutDecisions: new Counter({
      name: 'skipper_rollout_decisions_total',
      help: 'Decisions about rollouts, by result: ok or error',
      labelNames: ['result'] as const,
      registers,
    }),
    notifications: new Counter({
      name: 'skipper_notifications_total',
      help: 'Notifications that this worker has tried to deliver, by receiver and result: delivered, failed (it is tried again) or dropped (it was given up)',
      labelNames: ['receiver', 'result'] as const,
      registers,
    }),
    adoptionLag: new Histogram({
      name: 'skipper_adoption_lag_seconds',
      help: 'Time from the publication of a release until it was verified in a namespace that had another one, in seconds',
      buckets: [30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400],
      registers,
    }),
    queueJobs: new Gauge({
      name: 'skipper_queue_jobs',
      help: 'Jobs in the deploy queue, by state',
      labelNames: ['state'] as const,
      registers,
    }),
    namespacesByStatus: new Gauge({
      name: 'skipper_namespaces',
      help: 'Namespaces, by status',
      labelNames: ['status'] as const,
      registers,
    }),
    watchLists: new Counter({
      name: 'skipper_watch_lists_total',
      help: 'Full lists that each watch has read since the start',
      labelNames: ['watch'] as const,
      registers,
    }),
    redisUp: new Gauge({
      name: 'skipper_redis_up',
      help: '1 while Redis answers this process, else 0',
      registers,
    }),
    inFlight: unknownYet(
      new Gauge({
        name: 'skipper_namespaces_in_flight',
        help: 'Namespaces of the whole fleet that are changed and not yet verified; --max-in-flight limits them',
        registers,
      }),
    ),
    apiBudget: unknownYet(
      new Gauge({
        name: 'skipper_api_budget_qps',
        help: 'Requests per second that all workers together may send to the API server now; --kube-api-qps is the most',
        registers,
      }),
    ),
    apiBudgetWaiting: unknownYet(
      new Gauge({
        name: 'skipper_api_budget_waiting',
        help: 'Requests of this worker to the API server that wait for the budget',
        registers,
      }),
    ),
    apiRequests: new Counter({
      name: 'skipper_api_requests_total',
      help: 'Requests of runs to the API server; watches do not count',
      registers,
    }),
    resting: unknownYet(
      new Gauge({
        name: 'skipper_worker_resting',
        help: '1 while this worker takes no jobs because the API server does not answer or refuses its credentials, else 0',
        registers,
      }),
    ),
    // The rest come from the API only: in a worker, and while their source is down, they have no value.
    namespacesByHealth: new Gauge({
      name: 'skipper_namespaces_by_health',
      help: 'Namespaces, by health',
      labelNames: ['health'] as const,
      registers,
    }),
    namespacesOutdated: new Gauge({
      name: 'skipper_namespaces_outdated',
      help: 'Namespaces that do not run the version of their channel, without a deploy in progress, by channel',
      labelNames: ['channel'] as const,
      registers,
    }),
    channelReadable: new Gauge({
      name: 'skipper_channel_readable',
      help: '1 if the latest check of a release channel in use succeeded, else 0',
      labelNames: ['channel'] as const,
      registers,
    }),
    rollouts: new Gauge({
      name: 'skipper_rollouts',
      help: 'Rollouts that have not ended, by state',
      labelNames: ['state'] as const,
      registers,
    }),
    rolloutPaused: unknownYet(
      new Gauge({
        name: 'skipper_rollout_paused_seconds',
        help: 'How long the rollout that was paused first has been paused; 0 if none is',
        registers,
      }),
    ),
    healSteps: new Counter({
      name: 'skipper_heal_steps_total',
      help: 'Steps of healing that this process has requested, by means',
      labelNames: ['means'] as const,
      registers,
    }),
    healRules: new Gauge({
      name: 'skipper_heal_rule_namespaces',
      help: 'Namespaces in which a rule of healing holds, by rule',
      labelNames: ['rule'] as const,
      registers,
    }),
    healStates: new Gauge({
      name: 'skipper_heal_namespaces',
      help: 'Namespaces that are not well, or were not until recently, by state of healing',
      labelNames: ['state'] as const,
      registers,
    }),
    healStopped: unknownYet(
      new Gauge({
        name: 'skipper_heal_stopped',
        help: '1 while healing is stopped, by its stop valve or by a person, else 0',

        registers,
      }),
    ),
    healCapUsed: unknownYet(
      new Gauge({
        name: 'skipper_heal_cap_used',
        help: 'Namespaces that were healed within the last hour',

        registers,
      }),
    ),
    healCapLimit: unknownYet(
      new Gauge({
        name: 'skipper_heal_cap_limit',
        help: 'Namespaces that can be healed within an hour: --heal-hourly-cap',

        registers,
      }),
    ),
    healLastPass: unknownYet(
      new Gauge({
        name: 'skipper_heal_last_pass_timestamp_seconds',
        help: 'When the latest pass of healing was made, in seconds since the epoch',

        registers,
      }),
    ),
    healInterval: unknownYet(
      new Gauge({
        name: 'skipper_heal_interval_seconds',
        help: 'Interval of the passes of healing, as set on the worker that made the last one',

        registers,
      }),
    ),
    oldestUnfinished: unknownYet(
      new Gauge({
        name: 'skipper_oldest_unfinished_seconds',
        help: 'Age of the oldest unfinished request for a namespace; 0 if all are finished',
        registers,
      }),
    ),
    oldestNotification: unknownYet(
      new Gauge({
        name: 'skipper_oldest_notification_seconds',
        help: 'Age of the oldest notification that is not delivered yet; 0 if all are',
        registers,
      }),
    ),
    releaseCheckAge: unknownYet(
      new Gauge({
        name: 'skipper_release_check_age_seconds',
        help: 'Time since the last release check ended without an error; since the start of this API if none is known',
        registers,
      }),
    ),
    releaseCheckInterval: unknownYet(
      new Gauge({
        name: 'skipper_release_check_interval_seconds',
        help: 'Interval of the release check, as set on the worker that made the last one',
        registers,
      }),
    ),
    workers: unknownYet(
      new Gauge({
        name: 'skipper_workers',
        help: 'Workers that are connected to the deploy queue',
        registers,
      }),
    ),
    eventListeners: unknownYet(
      new Gauge({
        name: 'skipper_event_listeners',
        help: 'Clients of this API that listen to the events of the fleet',
        registers,
      }),
    ),
  };
}

/** An alert on an increase would miss the first one if there were no 0 before it. */
function fromZero(counter: Counter<'state'>): Counter<'state'> {
  for (const state of ['completed', 'failed', 'cancelled', 'superseded']) counter.inc({ state }, 0);
  return counter;
}

/** A gauge without labels would start at 0, which is a value. */
function unknownYet(gauge: Gauge): Gauge {
  gauge.remove();
  return gauge;
}

export type Metrics = ReturnType<typeof createMetrics>;
