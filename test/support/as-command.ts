import { toCliError } from '../../cli/to-cli-error.ts';
import { ApiError } from '../../client/api-error.ts';

/** Ends like the command line: a failed request has its exit code and hints. */
export async function asCommand<T>(ending: Promise<T>): Promise<T> {
  try {
    return await ending;
  } catch (error) {
    throw error instanceof ApiError ? toCliError(error) : error;
  }
}
