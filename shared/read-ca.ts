import { readFile } from 'node:fs/promises';
import { ConfigurationError } from './config.ts';
import { messageOf } from './errors.ts';

/** The text of a PEM file with certificate authorities; `flag` is the setting that names it. */
export async function readCa(path: string | undefined, flag: string): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const pem = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new ConfigurationError(`${flag} ${path} cannot be read: ${messageOf(error)}`);
  });
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  throw new ConfigurationError(`${flag} ${path} has no PEM certificate in it`);
}
