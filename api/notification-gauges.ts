import { messageOf } from '../domain/errors.ts';
import type { Core } from '../shared/core.ts';
import { oldestUndelivered } from '../shared/notify/oldest-undelivered.ts';
import { isReady } from '../shared/redis.ts';

/** Sets the age of the oldest notification that waits, at each scrape. Without Redis, it is unknown. */
export async function refreshNotificationGauges({
  notificationQueue,
  redis,
  metrics,
  log,
}: Pick<Core, 'notificationQueue' | 'redis' | 'metrics' | 'log'>): Promise<void> {
  try {
    if (!isReady(redis)) return metrics.oldestNotification.remove();
    const oldest = await oldestUndelivered(notificationQueue);
    const ageMs = oldest === undefined ? 0 : Math.max(0, Date.now() - oldest);
    metrics.oldestNotification.set(ageMs / 1000);
  } catch (error) {
    metrics.oldestNotification.remove();
    log.debug({ reason: messageOf(error) }, 'the waiting notifications could not be read');
  }
}
