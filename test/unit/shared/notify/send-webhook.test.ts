import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  DeliveryError,
  openWebhookSender,
  type WebhookSender,
} from '../../../../shared/notify/send-webhook.ts';
import { type FakeReceiver, startFakeReceiver } from '../../../support/fake-receiver.ts';

let receiver: FakeReceiver;
let sender: WebhookSender;
beforeAll(async () => {
  receiver = await startFakeReceiver();
  sender = openWebhookSender({
    ca: undefined,
    httpProxy: undefined,
    httpsProxy: undefined,
    noProxy: undefined,
    timeoutMs: 500,
  });
});
afterAll(async () => {
  await sender?.close();
  await receiver?.close();
});

async function failure(answer: number | 'hang'): Promise<DeliveryError> {
  receiver.answer(`/${answer}`, answer);
  const sent = sender.send({ url: `${receiver.url}/${answer}`, headers: {}, body: '{}' });
  const error = await sent.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DeliveryError)) throw new Error(`${answer} is not a failure`);
  return error;
}

test.each([302, 401, 403, 404, 405, 408, 429, 500, 502, 503, 504, 'hang'] as const)(
  '%s is tried again: a receiver that is being deployed, or its proxy, can answer it',
  async (answer) => {
    expect((await failure(answer)).isPermanent).toBe(false);
  },
);

test.each([400, 410])('%s is final: the same would be refused again', async (answer) => {
  expect((await failure(answer)).isPermanent).toBe(true);
});
