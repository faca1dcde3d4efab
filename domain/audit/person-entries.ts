import type { Actor } from './actor.ts';
import type { AuditEntry } from './audit-entry.ts';
import { nameNamespaces } from './name-namespaces.ts';

/** A plan that can be carried out. */
export interface MadePlan {
  readonly at: number;
  readonly id: string;
  readonly namespaces: readonly string[];
  readonly reason?: string | undefined;
}

export function planEntry({ at, id, namespaces, reason }: MadePlan, actor: Actor): AuditEntry {
  const why = [`plan ${id}`, reason].filter(Boolean).join(': ');
  return { at, kind: 'plan.made', ...actor, ...nameNamespaces(namespaces), reason: why, outcome: 'ok' };
}

/** A request with its answer. */
export interface AnsweredRequest {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

const REFUSED = 400;
const BROKEN = 500;

/** What somebody did on the board. */
export function boardEntry({ at, method, path, status }: AnsweredRequest, actor: Actor): AuditEntry {
  const outcome = status < REFUSED ? 'ok' : status < BROKEN ? 'refused' : 'failed';
  return { at, kind: 'board.action', ...actor, reason: `${method} ${path}: ${status}`, outcome };
}

/** A request that was refused before anything was done for it. */
export function refusalEntry(
  { at, method, path, status, cause }: AnsweredRequest & { readonly cause: string },
  actor: Actor,
): AuditEntry {
  const reason = `${cause}: ${method} ${path}: ${status}`;
  return { at, kind: 'request.refused', ...actor, reason, cause, outcome: 'refused' };
}
