import { messageOf, SkipperError } from '../domain/errors.ts';

/** A problem with Redis that keeps Skipper from working, for the operator. */
export interface RedisProblem {
  readonly text: string;
  /** True if nothing can be written: a worker could not finish the jobs that it takes. */
  readonly blocks: boolean;
  /** True if it does not respond at all. */
  readonly isSilent?: boolean;
}

/** The problem that a failed write shows. */
export function explainRedisError(error: unknown, prefix: string): RedisProblem {
  const message = messageOf(error);
  if (message.startsWith('OOM')) return { text: redisIsFull(message), blocks: true };
  if (message.startsWith('NOPERM')) return { text: missingRight(message, prefix), blocks: true };
  if (message === 'Command timed out') return { text: 'Redis does not answer', blocks: true, isSilent: true };
  return { text: `Redis refuses to write: ${message}`, blocks: true };
}

/** Why a command failed: what Redis answered, or that it did not. */
export function describeRedisFailure(error: unknown): string {
  const message = messageOf(error);
  if (message.startsWith('OOM')) return redisIsFull(message);
  const hasAnswered = error instanceof Error && error.name === 'ReplyError';
  return `Redis ${hasAnswered ? 'refused a command' : 'did not answer'}: ${message}`;
}

function redisIsFull(message: string): string {
  return `Redis is full (${message}): raise its maxmemory`;
}

/** Names the permission in the syntax of `ACL SETUSER`. */
export function missingRight(message: string, prefix: string): string {
  const [, command] = /run the '([^']+)'/.exec(message) ?? [];
  if (command !== undefined) return `Redis user lacks the right +${command}: grant it, then restart Skipper`;
  const kind = /\bchannels?\b/.test(message) ? `&${prefix}:*` : `~${prefix}*`;
  return `Redis user lacks the right ${kind}: grant it, then restart Skipper`;
}

/** Problems that `INFO memory` shows. */
export function explainRedisInfo(info: string): RedisProblem[] {
  const [, policy = 'noeviction'] = /^maxmemory_policy:(\S+)/m.exec(info) ?? [];
  if (policy === 'noeviction') return [];
  const text = `Redis has maxmemory-policy ${policy}, so it deletes what Skipper needs when it is full: set noeviction`;
  return [{ text, blocks: false }];
}

/** Errors with which Redis, or the connection to it, refuses a command; the libraries have no class for them. */
export function isRedisRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    error.name === 'ReplyError' ||
    error.name === 'MaxRetriesPerRequestError' ||
    /^(Command timed out$|Connection is closed|Stream isn't writeable|(OOM|NOPERM|READONLY|LOADING|MISCONF|CLUSTERDOWN|MASTERDOWN) )/.test(
      error.message,
    )
  );
}

/** True if a command was sent and its answer is missing: it may have been carried out. */
export function isUnanswered(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { name, message } =
    error instanceof SkipperError && error.cause instanceof Error ? error.cause : error;
  return name === 'MaxRetriesPerRequestError' || /^(Command timed out$|Connection is closed)/.test(message);
}
