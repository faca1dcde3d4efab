import { type Job, UnrecoverableError } from 'bullmq';
import type { Logger } from 'pino';
import { messageOf } from '../domain/errors.ts';
import { REMOVED_MS } from '../domain/notify/find-removed.ts';
import type { Receiver } from '../domain/notify/notify-config.ts';
import { DELIVERY_TRIES, retryDelayMs } from '../domain/notify/retry-delay.ts';
import { type Sender, toSlack, toWebhook } from '../domain/notify/write-message.ts';
import type { Metrics } from '../shared/metrics.ts';
import type { NotifyConfigSource } from '../shared/notify/notifications-file.ts';
import { readTarget } from '../shared/notify/read-target.ts';
import { DeliveryError, type WebhookSender } from '../shared/notify/send-webhook.ts';
import { type NotificationJob, TEST_MESSAGE_JOB } from '../shared/queues.ts';
import type { Notifications } from '../shared/state/notifications.ts';
import { delayJob } from './delay-job.ts';

/** One that hangs takes no more of the places in which notifications are delivered. */
const AT_ONCE_PER_RECEIVER = 2;
const BUSY_DELAY_MS = 1_000;

export interface DeliveryParts {
  readonly receivers: Pick<NotifyConfigSource, 'current' | 'readAt'>;
  readonly webhooks: WebhookSender;
  readonly state: Pick<Notifications, 'auditTime' | 'saveDelivered' | 'saveFailure'>;
  readonly metrics: Pick<Metrics, 'notifications'>;
  readonly sender: Sender;
  readonly log: Logger;
}

export interface Delivered {
  readonly receiver: string;
  /** Of which try it was. */
  readonly tries: number;
}

type Processor = (job: Job<NotificationJob>, token?: string) => Promise<Delivered>;

/** Delivers one message; the errors of the returned function decide whether the queue tries again. */
export function deliverNotifications(parts: DeliveryParts): Processor {
  const active = new Map<string, number>();
  return async (job, token) => {
    const name = job.data.receiver;
    const isTest = job.name === TEST_MESSAGE_JOB;
    if (!isTest && (active.get(name) ?? 0) >= AT_ONCE_PER_RECEIVER)
      throw await delayJob(job, token, BUSY_DELAY_MS);
    active.set(name, (active.get(name) ?? 0) + 1);
    try {
      return await deliver(job, parts);
    } finally {
      active.set(name, (active.get(name) ?? 1) - 1);
    }
  };
}

/** How long the queue waits before the next try. */
export function deliveryDelay(failures: number, _type: string | undefined, error: Error | undefined): number {
  return retryDelayMs(failures, error instanceof DeliveryError ? error.retryAfterMs : undefined);
}

async function deliver(job: Job<NotificationJob>, parts: DeliveryParts): Promise<Delivered> {
  const { receiver: name, message } = job.data;
  const tries = job.attemptsMade + 1;
  try {
    await post(job, parts);
  } catch (error) {
    throw await noteFailure(job, error, parts);
  }
  parts.metrics.notifications.inc({ receiver: name, result: 'delivered' });
  parts.log.info({ receiver: name, event: message.event, tries }, 'notification delivered');
  await saveQuietly(parts, () => parts.state.saveDelivered(name, parts.state.auditTime()));
  return { receiver: name, tries };
}

async function post(
  job: Job<NotificationJob>,
  { receivers, webhooks, sender }: DeliveryParts,
): Promise<void> {
  const { receiver: name, message } = job.data;
  const receiver = receivers.current().receivers.find((each) => each.name === name);
  if (receiver === undefined) {
    const isPermanent = isRemoved(job, receivers.readAt());
    throw new DeliveryError(`no receiver is named ${name} in the file of --notifications`, { isPermanent });
  }
  const { url, key } = await readTarget(receiver);
  const body = JSON.stringify(bodyOf(receiver, message, sender));
  const sent = { id: message.id, at: Date.now(), body };
  const unsigned = { 'webhook-id': sent.id, 'webhook-timestamp': String(Math.floor(sent.at / 1000)) };
  await webhooks.send({ url, body, headers: key?.headersFor(sent) ?? unsigned });
}

/** Not only unknown to this worker: another one can have queued it with a newer file. */
function isRemoved({ timestamp: queuedAt }: Pick<Job, 'timestamp'>, readAt: number): boolean {
  return readAt > queuedAt && Date.now() - readAt >= REMOVED_MS;
}

function bodyOf({ type }: Receiver, message: NotificationJob['message'], sender: Sender): object {
  return type === 'slack' ? toSlack(message, sender) : toWebhook(message, sender);
}

/** The error for the queue. */
async function noteFailure(job: Job<NotificationJob>, error: unknown, parts: DeliveryParts): Promise<Error> {
  const { receiver, message } = job.data;
  const reason = messageOf(error);
  const tries = job.attemptsMade + 1;
  const isPermanent = error instanceof DeliveryError && error.isPermanent;
  const isLast = isPermanent || tries >= (job.opts.attempts ?? DELIVERY_TRIES);
  parts.metrics.notifications.inc({ receiver, result: isLast ? 'dropped' : 'failed' });
  const about = { receiver, event: message.event, tries, reason };
  if (isLast) parts.log.error(about, 'notification not delivered: given up');
  else parts.log.warn(about, 'notification not delivered: it is tried again');
  await saveQuietly(parts, () => parts.state.saveFailure(receiver, { at: parts.state.auditTime(), reason }));
  if (isPermanent) return new UnrecoverableError(reason);
  return error instanceof DeliveryError ? error : new DeliveryError(reason);
}

/** The message counts, not the note about it. */
async function saveQuietly({ log }: DeliveryParts, save: () => Promise<void>): Promise<void> {
  await save().catch((error: unknown) =>
    log.debug({ reason: messageOf(error) }, 'the result of a delivery could not be stored'),
  );
}
