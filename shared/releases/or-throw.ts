import { SkipperError } from '../../domain/errors.ts';
import type { Result } from '../../domain/release/result.ts';

/** The value, or an `invalid_release` that says what is wrong with it. */
export function orThrow<T>(result: Result<T>, what: string): T {
  if (result.ok) return result.value;
  throw new SkipperError('invalid_release', `${what}: ${result.reason}`);
}
