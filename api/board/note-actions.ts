import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { boardEntry } from '../../domain/audit/person-entries.ts';
import { messageOf } from '../../domain/errors.ts';
import type { AuditLog } from '../../shared/state/audit-log.ts';
import { callerOf } from '../caller-of.ts';

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

interface NoteParts {
  readonly state: Pick<AuditLog, 'audit'>;
  readonly log: Logger;
}

/** Notes each changing request to the board in the audit log, with its outcome. */
export function noteActions({ state, log }: NoteParts): RequestHandler {
  return (request, response, next) => {
    if (SAFE_METHODS.includes(request.method)) return next();
    const caller = callerOf(request);
    const { method, path } = request;
    response.once('finish', () => {
      const answered = { at: Date.now(), method, path, status: response.statusCode };
      state
        .audit([boardEntry(answered, { by: caller, trigger: 'board', from: caller })])
        .catch((error: unknown) =>
          log.warn({ reason: messageOf(error), method, path }, 'the action is not in the audit log'),
        );
    });
    next();
  };
}
