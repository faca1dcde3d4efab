import { SkipperError } from '../domain/errors.ts';

/** The board shows the stack: for a classified error the message is more useful; a bug keeps its stack. */
export function readable(thrown: Error, cause: Error): Error {
  thrown.stack = cause instanceof SkipperError ? thrown.message : (cause.stack ?? thrown.message);
  return thrown;
}
