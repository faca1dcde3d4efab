import { readFile } from 'node:fs/promises';
import { messageOf } from '../domain/errors.ts';
import { ConfigurationError } from './config.ts';

const BEGINS = {
  certificate: /-----BEGIN CERTIFICATE-----/,
  'private key': /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/,
} as const;

/** The text of a PEM file; `flag` is its setting. Throws a ConfigurationError if the file does not contain `what`. */
export async function readPem(
  path: string | undefined,
  flag: string,
  what: keyof typeof BEGINS,
): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const pem = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new ConfigurationError(`${flag} ${path} cannot be read: ${messageOf(error)}`);
  });
  if (BEGINS[what].test(pem)) return pem;
  throw new ConfigurationError(`${flag} ${path} contains no PEM ${what}`);
}

/** Certificate authorities in PEM, to trust in addition to the default ones. */
export function readCa(path: string | undefined, flag: string): Promise<string | undefined> {
  return readPem(path, flag, 'certificate');
}
