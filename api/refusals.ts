import type { Request } from 'express';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Core } from '../shared/core.ts';
import { callerOf } from './caller-of.ts';
import { HttpProblem } from './problem.ts';

/** Why a request was refused before anything was done for it. */
export type RefusalReason = 'token_missing' | 'token_wrong' | 'foreign_origin' | 'unknown_host';

/** So many a minute get the reason; behind a proxy, all clients are one caller. */
const PER_CALLER = { points: 20, duration: 60 } as const;

/** Counts and logs refused requests, and limits how many of a caller are worth an answer. */
export interface Refusals {
  /** Throws the problem, or 429 if the caller has been refused too often. */
  refuse(request: Request, reason: RefusalReason, problem: HttpProblem): Promise<never>;
}

export function openRefusals({ log, metrics }: Pick<Core, 'log' | 'metrics'>): Refusals {
  const limiter = new RateLimiterMemory(PER_CALLER);
  return {
    refuse: async (request, reason, problem) => {
      metrics.requestsRefused.inc({ reason });
      const caller = callerOf(request);
      const about = { reason, method: request.method, path: pathOf(request), caller };
      // A missing token is no guess: pages ask for it, and must be able to.
      if (reason !== 'token_missing') {
        const limited = await consume(limiter, caller);
        if (limited !== undefined) {
          if (limited.consumedPoints === PER_CALLER.points + 1)
            log.warn(about, 'requests refused too often: further ones of this caller are not logged');
          throw tooOften(limited);
        }
      }
      log.warn(about, 'request refused');
      throw problem;
    },
  };
}

/** Undefined while the caller is within its limit. */
async function consume(limiter: RateLimiterMemory, caller: string): Promise<RateLimiterRes | undefined> {
  try {
    await limiter.consume(caller);
    return undefined;
  } catch (error) {
    if (error instanceof RateLimiterRes) return error;
    throw error;
  }
}

function tooOften({ msBeforeNext }: RateLimiterRes): HttpProblem {
  const seconds = Math.max(1, Math.ceil(msBeforeNext / 1000));
  return new HttpProblem(429, 'too_many_requests', `refused too often: try again in ${seconds} s`, {
    headers: { 'retry-after': String(seconds) },
  });
}

/** Without the query: somebody may have put a token there. */
function pathOf({ originalUrl }: Request): string {
  return originalUrl.split('?')[0] ?? '';
}
