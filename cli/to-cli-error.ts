import type { ApiError } from '../client/api-error.ts';
import { CliError, EXIT, type ExitCode } from './exit-code.ts';
import { oneLine } from './text/lines.ts';

const TOKEN_HINT =
  'set the right token in a file (--token-file or $SKIPPER_TOKEN_FILE), or in $SKIPPER_TOKEN';
const ADDRESS_HINT = "is this the API's address? --server or $SKIPPER_SERVER sets it";

/** Converts a failed request into the error of a command: its exit code, and what the user can do about it. */
export function toCliError(error: ApiError): CliError {
  const details = [...error.details.map(oneLine), ...hintsFor(error)];
  return new CliError(exitCodeOf(error), oneLine(error.message), details);
}

function exitCodeOf({ kind, status = 0 }: ApiError): ExitCode {
  const isTokenRefused = status === 401 || status === 403;
  const isUnable = status >= 500 || status === 429;
  return kind !== 'refused' || isTokenRefused || isUnable ? EXIT.unreachable : EXIT.refused;
}

function hintsFor({ kind, status }: ApiError): readonly string[] {
  if (kind === 'unreachable' || kind === 'foreign') return [ADDRESS_HINT];
  return status === 401 ? [TOKEN_HINT] : [];
}
