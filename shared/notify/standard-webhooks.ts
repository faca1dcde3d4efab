import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { messageOf } from '../../domain/errors.ts';

/** What a sender puts into the headers and the body of a webhook. */
export interface SentWebhook {
  readonly id: string;
  /** Of this try, in milliseconds since the epoch: receivers refuse what is older than some minutes. */
  readonly at: number;
  readonly body: string;
}

/** Signs and verifies as in the specification of Standard Webhooks. */
export interface WebhookKey {
  headersFor(sent: SentWebhook): Readonly<Record<string, string>>;
  /** Undefined if the signature is right and the time within five minutes; otherwise what is wrong. */
  whyRefused(body: string, headers: Readonly<Record<string, string>>): string | undefined;
}

const PREFIX = 'whsec_';
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * The key of a secret: base64, with or without the prefix `whsec_`, as in all libraries of Standard Webhooks; what is not
 * valid base64 is used as it is. Throws an error without the secret in it.
 */
export function webhookKey(secret: string): WebhookKey {
  const webhook = toWebhook(secret);
  return {
    headersFor: ({ id, at, body }) => ({
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at / 1000)),
      'webhook-signature': webhook.sign(id, new Date(at), body),
    }),
    whyRefused: (body, headers) => {
      try {
        webhook.verify(body, { ...headers }, { jsonParse: false });
        return undefined;
      } catch (error) {
        if (error instanceof WebhookVerificationError) return messageOf(error);
        throw error;
      }
    },
  };
}

function toWebhook(secret: string): Webhook {
  const encoded = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;
  if (encoded === '') throw new Error('the secret is empty');
  if (BASE64.test(encoded)) return new Webhook(encoded);
  if (encoded !== secret) throw new Error(`the secret begins with ${PREFIX}, but the rest is not base64`);
  return new Webhook(Buffer.from(secret, 'utf8'), { format: 'raw' });
}
