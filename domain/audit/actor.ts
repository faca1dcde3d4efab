import { isByPeople, type Trigger } from '../rollout/rollout.ts';
import type { AuditEntry } from './audit-entry.ts';

/** The name of Skipper in the audit log. */
export const SKIPPER = 'skipper';
/** The board makes its requests under this name. */
const BOARD = 'board';

/** Who acted, with what, and from where; as far as it is known. */
export type Actor = Pick<AuditEntry, 'by' | 'trigger' | 'from'>;

/** The actor of a request: a caller is known by its address. */
export function requesterOf({
  trigger,
  requestedBy,
}: {
  readonly trigger: Trigger;
  readonly requestedBy: string;
}): Actor {
  // What the board repeats is a retry, although a person asked for it.
  if (requestedBy === BOARD) return { by: BOARD, trigger: 'board' };
  return isByPeople(trigger) ? { by: requestedBy, trigger, from: requestedBy } : { by: SKIPPER, trigger };
}
