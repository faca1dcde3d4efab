import { readFile } from 'node:fs/promises';
import { messageOf } from '../../domain/errors.ts';
import { rememberSecret } from '../../domain/hide-secrets.ts';
import type { Receiver } from '../../domain/notify/notify-config.ts';
import { rememberUrl } from './remember-url.ts';
import { type WebhookKey, webhookKey } from './standard-webhooks.ts';

/** The secrets of a receiver. They are read for each delivery, so that a new Secret needs no restart. */
export interface Target {
  readonly url: string;
  readonly key: Pick<WebhookKey, 'headersFor'> | undefined;
}

/** Throws an error that names the file, and never what is in it. */
export async function readTarget({ url, urlFile, secretFile }: Receiver): Promise<Target> {
  const found = url ?? (await readSecret('urlFile', urlFile ?? ''));
  rememberUrl(found);
  if (!/^https?:\/\//.test(found) || !URL.canParse(found)) {
    throw new Error(`urlFile ${urlFile} must hold a URL that begins with https:// or http://`);
  }
  return { url: found, key: secretFile === undefined ? undefined : await readKey(secretFile) };
}

/** Each line is a secret, and signs: while a secret is replaced, the receiver can know the old or the new one. */
async function readKey(secretFile: string): Promise<Pick<WebhookKey, 'headersFor'>> {
  const lines = (await readSecret('secretFile', secretFile)).split('\n').map((line) => line.trim());
  const secrets = lines.filter((line) => line !== '');
  secrets.forEach(rememberSecret);
  try {
    return signWithAll(secrets.map(webhookKey));
  } catch (error) {
    throw new Error(`secretFile ${secretFile}: ${messageOf(error)}`);
  }
}

function signWithAll(keys: readonly WebhookKey[]): Pick<WebhookKey, 'headersFor'> {
  return {
    headersFor: (sent) => {
      const headers = keys.map((key) => key.headersFor(sent));
      const signatures = headers.map((each) => each['webhook-signature']).join(' ');
      return { ...headers[0], 'webhook-signature': signatures };
    },
  };
}

async function readSecret(field: string, path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new Error(`${field} cannot be read: ${messageOf(error)}`);
  });
  const secret = text.trim();
  if (secret === '') throw new Error(`${field} ${path} is empty`);
  rememberSecret(secret);
  return secret;
}
