import { readFile } from 'node:fs/promises';
import { messageOf } from '../../domain/errors.ts';
import { rememberSecret } from '../../domain/hide-secrets.ts';
import type { Receiver } from '../../domain/notify/notify-config.ts';
import { rememberUrl } from './remember-url.ts';
import { type WebhookKey, webhookKey } from './standard-webhooks.ts';

/** The secrets of a receiver. They are read for each delivery, so that a new Secret needs no restart. */
export interface Target {
  readonly url: string;
  readonly key: WebhookKey | undefined;
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

async function readKey(secretFile: string): Promise<WebhookKey> {
  const secret = await readSecret('secretFile', secretFile);
  try {
    return webhookKey(secret);
  } catch (error) {
    throw new Error(`secretFile ${secretFile}: ${messageOf(error)}`);
  }
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
