import { readFileSync } from 'node:fs';
import { type ApiClient, createApiClient } from '../client/api-client.ts';
import { messageOf } from '../domain/errors.ts';
import { CliError, EXIT } from './exit-code.ts';
import type { Environment } from './terminal.ts';

export const DEFAULT_SERVER = 'http://127.0.0.1:5000';

/** The API records `cli` as the trigger of what is requested with them. */
const HEADERS = { 'user-agent': 'skipper-cli', 'x-skipper-client': 'cli' };

export interface ConnectionFlags {
  readonly server?: string | undefined;
  readonly tokenFile?: string | undefined;
}

/** The address of the API, and its token. */
export interface Connection {
  /** Without a trailing slash. */
  readonly server: string;
  readonly token: string | undefined;
}

/** A client for the API that the flags and the environment name. */
export function openClient(flags: ConnectionFlags, env: Environment): ApiClient {
  return createApiClient({ ...readConnection(flags, env), headers: HEADERS });
}

/** A flag wins over a variable, a file over a token in the environment. */
export function readConnection(flags: ConnectionFlags, env: Environment): Connection {
  const given = flags.server ?? (env.SKIPPER_SERVER || undefined);
  const origin = flags.server === undefined ? '$SKIPPER_SERVER' : '--server';
  return { server: serverOf(given ?? DEFAULT_SERVER, origin), token: tokenOf(flags, env) };
}

function serverOf(given: string, origin: string): string {
  // Before the URL is shown: one that is not valid can contain a password, too.
  if (given.includes('@')) {
    throw new CliError(EXIT.refused, `${origin} contains a password: use --token-file instead`);
  }
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new CliError(
      EXIT.refused,
      `${origin} "${given}" is not a valid URL: use one such as ${DEFAULT_SERVER}`,
    );
  }
  return (url.origin + url.pathname).replace(/\/+$/, '');
}

function tokenOf({ tokenFile }: ConnectionFlags, env: Environment): string | undefined {
  const path = tokenFile ?? (env.SKIPPER_TOKEN_FILE || undefined);
  if (path === undefined) return env.SKIPPER_TOKEN?.trim() || undefined;
  const origin = tokenFile === undefined ? '$SKIPPER_TOKEN_FILE' : '--token-file';
  const token = readToken(path, origin);
  if (token === '') throw new CliError(EXIT.refused, `${origin} ${path} is empty: put the token in it`);
  return token;
}

function readToken(path: string, origin: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new CliError(EXIT.refused, `${origin} ${path} cannot be read: ${messageOf(error)}`);
  }
}
