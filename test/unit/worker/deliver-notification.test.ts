import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type Job, UnrecoverableError } from 'bullmq';
import { parseNotifyConfig } from '../../../domain/notify/notify-config.ts';
import { createMetrics } from '../../../shared/metrics.ts';
import { DeliveryError } from '../../../shared/notify/send-webhook.ts';
import type { NotificationJob } from '../../../shared/queues.ts';
import { deliverNotifications } from '../../../worker/deliver-notification.ts';
import { silentLog } from '../../support/builders.ts';

const NOW = Date.parse('2026-11-29T08:00:00Z');
const MINUTE_MS = 60_000;

beforeEach(() => void jest.useFakeTimers({ now: NOW }));
afterEach(() => void jest.useRealTimers());

function configured(name: string) {
  const parsed = parseNotifyConfig(
    `receivers: [{name: ${name}, type: webhook, url: "http://localhost/${name}"}]`,
  );
  if (!parsed.ok) throw new Error(parsed.problems.join());
  return parsed.content;
}

/** How a message for the receiver `ops` ends. */
async function deliver({
  known = 'ops',
  queuedAgoMs = MINUTE_MS,
  readAgoMs = 60 * MINUTE_MS,
  attemptsMade = 0,
}): Promise<unknown> {
  const process = deliverNotifications({
    receivers: { current: () => configured(known), readAt: () => NOW - readAgoMs },
    webhooks: { send: async () => undefined, close: async () => undefined },
    state: { auditTime: () => NOW, saveDelivered: async () => undefined, saveFailure: async () => undefined },
    metrics: createMetrics(),
    sender: { base: '', environment: undefined },
    log: silentLog,
  });
  const message = { id: 'm', event: 'quarantined', at: NOW, title: '', items: [], moreItems: 0, path: '/' };
  const job = {
    name: 'quarantined',
    data: { receiver: 'ops', message },
    attemptsMade,
    timestamp: NOW - queuedAgoMs,
    opts: { attempts: 20 },
  };
  return process(job as unknown as Job<NotificationJob>).catch((error: unknown) => error);
}

describe('a receiver that this worker does not know', () => {
  const known = 'other';

  test('is tried as long as any other, while the file of this worker is older than the message', async () => {
    const error = await deliver({
      known,
      queuedAgoMs: 5 * 60 * MINUTE_MS,
      readAgoMs: 300 * 60 * MINUTE_MS,
      attemptsMade: 15,
    });

    expect(error).toBeInstanceOf(DeliveryError);
    expect(error).not.toBeInstanceOf(UnrecoverableError);
  });

  test('is tried for ten minutes after the file was read again without it', async () => {
    const error = await deliver({
      known,
      queuedAgoMs: 30 * MINUTE_MS,
      readAgoMs: 9 * MINUTE_MS,
      attemptsMade: 9,
    });

    expect(error).not.toBeInstanceOf(UnrecoverableError);
  });

  test('is given up when a newer file has lacked it for ten minutes', async () => {
    const error = await deliver({ known, queuedAgoMs: 30 * MINUTE_MS, readAgoMs: 10 * MINUTE_MS });

    expect(error).toBeInstanceOf(UnrecoverableError);
    expect(error).toMatchObject({ message: 'no receiver is named ops in the file of --notifications' });
  });
});

test('a known receiver gets the message', async () => {
  expect(await deliver({ attemptsMade: 3 })).toEqual({ receiver: 'ops', tries: 4 });
});
