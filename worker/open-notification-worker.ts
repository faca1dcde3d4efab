import { Worker } from 'bullmq';
import type { Core } from '../shared/core.ts';
import { openWebhookSender, type WebhookSender } from '../shared/notify/send-webhook.ts';
import { NOTIFICATION_QUEUE, type NotificationJob } from '../shared/queues.ts';
import { readCa } from '../shared/read-pem.ts';
import type { RedisConnection } from '../shared/redis.ts';
import { deliverNotifications, deliveryDelay } from './deliver-notification.ts';
import { logConnectionErrors, workerOptions } from './worker-options.ts';

/** Messages to receivers. Those that hang, or refuse, do not delay the others. */
export function openNotificationWorker(
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

export async function openWebhooks({ settings }: Core): Promise<WebhookSender> {
  const { httpProxy, httpsProxy, noProxy } = settings;
  const ca = await readCa(settings.releaseCaFile, '--release-ca-file');
  return openWebhookSender({ ca, httpProxy, httpsProxy, noProxy });
}
