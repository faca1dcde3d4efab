import type { Request } from 'express';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { refusalEntry } from '../domain/audit/person-entries.ts';
import { messageOf } from '../domain/errors.ts';
import type { Core } from '../shared/core.ts';
import type { AuditLog } from '../shared/state/audit-log.ts';
import { callerOf } from './caller-of.ts';
import { HttpProblem } from './problem.ts';
import { triggerOf } from './trigger-of.ts';

/** Why a request was refused before anything was done for it. */
export type RefusalReason =
  | 'token_missing'
  | 'token_wrong'
  | 'signature_wrong'
  | 'foreign_origin'
  | 'unknown_host';

/** So many a minute get the reason; behind a proxy, all clients are one caller. */
const PER_CALLER = { points: 20, duration: 60 } as const;
/** So many a minute are noted in the audit log: refused requests must not push everything else out. */
const NOTED_PER_CALLER = { points: 1, duration: 60 } as const;
const NOTED = { points: 30, duration: 60 } as const;

/** Counts and logs refused requests, and limits how many of a caller are worth an answer. */
export interface Refusals {
  /** Throws the problem, or 429 if the caller has been refused too often. */
  refuse(request: Request, reason: RefusalReason, problem: HttpProblem): Promise<never>;
}

export type RefusalParts = Pick<Core, 'log' | 'metrics'> & { readonly state: Pick<AuditLog, 'audit'> };

export function openRefusals({ log, metrics, state }: RefusalParts): Refusals {
  const limiter = new RateLimiterMemory(PER_CALLER);
  const noted = [new RateLimiterMemory(NOTED_PER_CALLER), new RateLimiterMemory(NOTED)] as const;

  /** Nobody waits for it. */
  async function note(request: Request, reason: RefusalReason, { status }: HttpProblem): Promise<void> {
    const caller = callerOf(request);
    const isTooMuch = await consume(noted[0], `${caller} ${reason}`);
    if (isTooMuch !== undefined || (await consume(noted[1], '')) !== undefined) return;
    const about = { at: Date.now(), method: request.method, path: pathOf(request), status };
    const actor = { by: caller, trigger: triggerOf(headersOf(request)), from: caller };
    await state.audit([refusalEntry({ ...about, cause: CAUSES[reason] }, actor)]);
  }

  return {
    refuse: async (request, reason, problem) => {
      metrics.requestsRefused.inc({ reason });
      const caller = callerOf(request);
      note(request, reason, problem).catch((error: unknown) =>
        log.debug({ reason: messageOf(error) }, 'the refusal is not in the audit log'),
      );
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

const CAUSES: Readonly<Record<RefusalReason, string>> = {
  token_missing: 'no token',
  token_wrong: 'wrong token',
  signature_wrong: 'wrong signature',
  foreign_origin: 'cross-site request',
  unknown_host: 'another host',
};

function headersOf(request: Request): Readonly<Record<string, string | undefined>> {
  return { 'x-skipper-client': request.get('x-skipper-client') };
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
