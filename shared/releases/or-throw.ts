import { SkipperError } from '../../domain/errors.ts';
import type { Result } from '../../domain/release/result.ts';

/** Returns the value, or throws `invalid_release` with the problem. */
export function orThrow<T>(result: Result<T>, what: string): T {
  if (result.ok) return result.value;
  throw new SkipperError('invalid_release', `${what}: ${result.reason}`);
}
