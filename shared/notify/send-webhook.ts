import { rootCertificates } from 'node:tls';
import { Agent, type Dispatcher, request } from 'undici';
import { messageOf } from '../../domain/errors.ts';
import { hideSecrets } from '../../domain/hide-secrets.ts';
import { chooseProxy, type Proxies } from '../network/choose-proxy.ts';
import { inTime } from '../network/in-time.ts';
import { openConnector } from '../network/open-connector.ts';
import { basicAuthorization, withoutCredentials } from '../url-credentials.ts';

const TIMEOUT_MS = 10_000;
const MAX_RETRY_AFTER_MS = 3_600_000;
/** More is not read: it is the answer of a receiver, not a document. */
const MAX_ANSWER_BYTES = 4_096;
/**
 * The message is refused (400), or the receiver wants no more (410, as Standard Webhooks specifies). Everything else can end: a receiver that
 * is being deployed answers 404, a proxy 403, and 401 until the new secret is on both sides.
 */
const PERMANENT_STATUSES: readonly number[] = [400, 410];
/** `invalid_payload`, as Slack explains a refusal. Other bodies can repeat what was sent. */
const CODE = /^[a-z_]{1,40}$/;

export interface Delivery {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A delivery failed. The message has neither URL nor secret. */
export class DeliveryError extends Error {
  /** The same would be refused again. */
  readonly isPermanent: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, { isPermanent = false, retryAfterMs }: DeliveryErrorOptions = {}) {
    super(hideSecrets(message));
    this.name = 'DeliveryError';
    this.isPermanent = isPermanent;
    this.retryAfterMs = retryAfterMs;
  }
}

interface DeliveryErrorOptions {
  readonly isPermanent?: boolean;
  readonly retryAfterMs?: number | undefined;
}

/** Sends to receivers, which operators choose: through the proxies, also to private addresses. Redirects are not followed. */
export interface WebhookSender {
  /** Throws a DeliveryError. */
  send(delivery: Delivery): Promise<void>;
  close(): Promise<void>;
}

export function openWebhookSender({
  ca,
  timeoutMs = TIMEOUT_MS,
  ...proxies
}: Proxies & {
  readonly ca: string | undefined;
  readonly timeoutMs?: number;
}): WebhookSender {
  const tls = ca === undefined ? {} : { ca: [...rootCertificates, ca] };
  const dispatcher = new Agent({ connect: openConnector({ tls, proxyFor: chooseProxy(proxies) }) });
  return {
    send: async (delivery) => {
      try {
        await inTime({ timeoutMs }, (signal) => post(delivery, { dispatcher, signal }));
      } catch (error) {
        throw error instanceof DeliveryError ? error : new DeliveryError(messageOf(error));
      }
    },
    close: () => dispatcher.destroy(),
  };
}

async function post(
  { url, headers, body }: Delivery,
  options: { readonly dispatcher: Dispatcher; readonly signal: AbortSignal },
): Promise<void> {
  const authorization = basicAuthorization(url);
  const response = await request(withoutCredentials(url), {
    ...options,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'fiaas-skipper',
      ...(authorization === undefined ? {} : { authorization }),
      ...headers,
    },
    body,
  });
  const { statusCode } = response;
  if (statusCode >= 200 && statusCode < 300) return response.body.dump({ limit: MAX_ANSWER_BYTES });
  throw new DeliveryError(describeStatus(statusCode, await codeIn(response.body)), {
    isPermanent: PERMANENT_STATUSES.includes(statusCode),
    retryAfterMs: retryAfter(response.headers['retry-after']),
  });
}

function describeStatus(status: number, code: string | undefined): string {
  const answer = `the receiver answered HTTP ${status}${code === undefined ? '' : ` (${code})`}`;
  return status >= 300 && status < 400 ? `${answer}: redirects are not followed` : answer;
}

async function codeIn(body: Dispatcher.ResponseData['body']): Promise<string | undefined> {
  let text = '';
  for await (const chunk of body) {
    text += String(chunk);
    if (text.length > MAX_ANSWER_BYTES) break;
  }
  const code = text.trim();
  return CODE.test(code) ? code : undefined;
}

/** In seconds, or a date. */
function retryAfter(header: string | string[] | undefined): number | undefined {
  const text = String(header ?? '');
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : undefined;
}
