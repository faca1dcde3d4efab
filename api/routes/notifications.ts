import { NotificationTest, ReceiverList } from '../../domain/notify/receiver-view.ts';
import { Problem } from '../../domain/problem.ts';
import { route } from '../route.ts';
import { NOTIFICATION_TESTS } from '../route-bounds.ts';
import { TestNotificationBody } from '../schemas.ts';
import { CLIENT_HEADER, triggerOf } from '../trigger-of.ts';

export const receiversRoute = route({
  method: 'get',
  path: '/api/notifications',
  operationId: 'listReceivers',
  summary: 'The receivers of notifications, and whether they can be reached; never their URLs',
  mutates: false,
  responses: { 200: { description: 'The receivers, in the order of the file', schema: ReceiverList } },
  handle: async ({ receivers }) => ({ status: 200, body: await receivers.list() }),
});

export const testNotificationRoute = route<TestNotificationBody>({
  method: 'post',
  path: '/api/notifications/test',
  operationId: 'testNotifications',
  summary: 'Send a test message to a receiver, or to all, and wait for the result',
  mutates: true,
  body: TestNotificationBody,
  headers: CLIENT_HEADER,
  bounds: NOTIFICATION_TESTS,
  responses: {
    200: { description: 'Whether it was delivered, and otherwise why not', schema: NotificationTest },
    404: { description: 'The receiver does not exist, or none is configured', schema: Problem },
  },
  handle: async ({ receivers, state, log, caller, headers, body: { receiver } }) => {
    const tested = await receivers.test({ receiver, by: caller });
    const failed = tested.results.filter(({ delivered }) => !delivered);
    await state
      .audit([
        {
          at: Date.now(),
          kind: 'notify.tested',
          by: caller,
          trigger: triggerOf(headers),
          from: caller,
          reason: tested.results.map((each) => `${each.receiver}: ${each.error ?? 'delivered'}`).join('; '),
          outcome: failed.length === 0 ? 'ok' : 'failed',
        },
      ])
      .catch((error: unknown) => log.warn({ err: error }, 'the test is missing in the audit log'));
    return { status: 200, body: tested };
  },
});
