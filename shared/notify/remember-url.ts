import { rememberSecret } from '../../domain/hide-secrets.ts';

/** A shorter path is an ordinary word of logs; those that are secrets are random. */
const SHORTEST_PATH = 20;

/** From now on, no log line, message or trace contains the URL of a receiver, or its path: anybody who knows it can send. */
export function rememberUrl(url: string): void {
  rememberSecret(url);
  if (!URL.canParse(url)) return;
  const { pathname, search, username, password } = new URL(url);
  for (const secret of [`${pathname}${search}`, pathname]) {
    if (secret.length >= SHORTEST_PATH) rememberSecret(secret);
  }
  for (const credential of [username, password]) if (credential !== '') rememberSecret(credential);
}
