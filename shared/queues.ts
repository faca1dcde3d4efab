import { type JobsOptions, Queue, type Telemetry } from 'bullmq';
import type { Message } from '../domain/notify/message.ts';
import { DELIVERY_TRIES } from '../domain/notify/retry-delay.ts';
import type { RedisConnection } from './redis.ts';

export const DEPLOY_QUEUE = 'deploy';
export const RELEASE_CHECK_QUEUE = 'release-check';
export const RELEASE_CHECK_JOB = 'release-check';
export const REPAIR_JOB = 'repair';
export const LOG_QUEUE = 'logs';
export const ROLLOUT_QUEUE = 'rollouts';
export const PLAN_QUEUE = 'plans';
export const NOTIFICATION_QUEUE = 'notifications';
export const TEST_MESSAGE_JOB = 'test';
export const HEAL_QUEUE = 'heal';
export const HEAL_JOB = 'heal';

/** A job has only the namespace; what to do there is in the desired state. */
export interface DeployJob {
  readonly namespace: string;
}

/** A decision about a rollout: what it does next. */
export interface RolloutJob {
  readonly rolloutId: string;
}

/** The dry runs of some namespaces of a plan. */
export interface PlanJob {
  readonly planId: string;
  readonly namespaces: readonly string[];
}

/** A request for the logs of a namespace; which pods these are of, the worker finds out. */
export interface LogJob {
  readonly namespace: string;
}

/** A message for a receiver, by its name: URL and secrets are read when it is delivered. */
export interface NotificationJob {
  readonly receiver: string;
  readonly message: Message;
}

const DAY_SECONDS = 24 * 3600;
/** Attempts are counted per request in the desired state; the queue must not give up earlier. */
const QUEUE_ATTEMPTS = 10_000;

const KEPT = {
  removeOnComplete: { age: 7 * DAY_SECONDS, count: 10_000 },
  removeOnFail: { age: 30 * DAY_SECONDS, count: 10_000 },
} as const;

export interface QueueConnection {
  readonly connection: RedisConnection;
  /** Prefix of all keys, with its hash tag. */
  readonly prefix: string;
  /** Carries traces along with jobs; undefined while tracing is off. */
  readonly telemetry: Telemetry | undefined;
}

export function openDeployQueue({ telemetry, ...shared }: QueueConnection): Queue<DeployJob> {
  return new Queue<DeployJob>(DEPLOY_QUEUE, {
    ...shared,
    ...(telemetry === undefined ? {} : { telemetry }),
    defaultJobOptions: {
      ...KEPT,
      attempts: QUEUE_ATTEMPTS,
      backoff: { type: 'retry' },
      keepLogs: 500,
      stackTraceLimit: 20,
    },
  });
}

export function openReleaseCheckQueue({ connection, prefix }: QueueConnection): Queue {
  return new Queue(RELEASE_CHECK_QUEUE, {
    connection,
    prefix,
    defaultJobOptions: { removeOnComplete: { count: 500 }, removeOnFail: { count: 500 } },
  });
}

/** The passes of healing. */
export function openHealQueue({ connection, prefix }: Omit<QueueConnection, 'telemetry'>): Queue {
  return new Queue(HEAL_QUEUE, {
    connection,
    prefix,
    defaultJobOptions: { removeOnComplete: { count: 100 }, removeOnFail: { count: 100 } },
  });
}

/** One job per rollout at most waits, and one runs: what there is to decide is in the stored rollout. */
export function openRolloutQueue({
  connection,
  prefix,
}: Omit<QueueConnection, 'telemetry'>): Queue<RolloutJob> {
  return new Queue<RolloutJob>(ROLLOUT_QUEUE, {
    connection,
    prefix,
    defaultJobOptions: { removeOnComplete: { count: 500 }, removeOnFail: { count: 500 } },
  });
}

export function openPlanQueue({ connection, prefix }: Omit<QueueConnection, 'telemetry'>): Queue<PlanJob> {
  return new Queue<PlanJob>(PLAN_QUEUE, {
    connection,
    prefix,
    defaultJobOptions: { removeOnComplete: { count: 100 }, removeOnFail: { count: 100 }, attempts: 3 },
  });
}

/** Messages wait here until their receiver takes them. Delivered ones are kept, so that the same is not added twice. */
export function openNotificationQueue({
  connection,
  prefix,
}: Omit<QueueConnection, 'telemetry'>): Queue<NotificationJob> {
  return new Queue<NotificationJob>(NOTIFICATION_QUEUE, {
    connection,
    prefix,
    defaultJobOptions: {
      removeOnComplete: { age: 7 * DAY_SECONDS, count: 1_000 },
      removeOnFail: { age: 30 * DAY_SECONDS, count: 1_000 },
      attempts: DELIVERY_TRIES,
      backoff: { type: 'delivery' },
      stackTraceLimit: 0,
    },
  });
}

export function rolloutJobOptions(rolloutId: string): JobsOptions {
  return { deduplication: { id: rolloutId, keepLastIfActive: true } };
}

/** Answers are removed when they are read; what nobody has read does not stay. */
export function openLogQueue({ connection, prefix }: Omit<QueueConnection, 'telemetry'>): Queue<LogJob> {
  const kept = { age: 60, count: 20 };
  return new Queue<LogJob>(LOG_QUEUE, {
    connection,
    prefix,
    defaultJobOptions: { removeOnComplete: kept, removeOnFail: kept },
  });
}

/**
 * How a namespace's job is added. Deduplication keeps at most one active and one waiting job per namespace; a dropped
 * payload contains only the namespace. Mutual exclusion depends on the lease, because Retry bypasses deduplication.
 */
export function deployJobOptions(namespace: string, jobId: string, priority: number): JobsOptions {
  return { jobId, priority, deduplication: { id: namespace, keepLastIfActive: true } };
}
