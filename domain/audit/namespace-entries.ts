import type { Hold } from '../rollout/hold.ts';
import { Trigger } from '../rollout/rollout.ts';
import { type Actor, SKIPPER } from './actor.ts';
import type { AuditEntry } from './audit-entry.ts';
import { nameEach, nameNamespaces } from './name-namespaces.ts';

/** Namespaces that get no release automatically any more, or only one. */
export function holdEntries(namespaces: readonly string[], hold: Hold, actor: Actor): AuditEntry[] {
  const { at, reason, pin, rolloutId } = hold;
  return nameEach(namespaces).map((names) => ({
    at,
    kind: pin === undefined ? 'namespace.held' : 'namespace.pinned',
    ...actor,
    ...names,
    ...(pin !== undefined && { release: pin }),
    ...(rolloutId !== undefined && { rolloutId }),
    reason,
    outcome: 'ok',
  }));
}

/** The end of holds and pins. */
export function releaseHoldEntries(
  namespaces: readonly string[],
  { at, reason }: Pick<Hold, 'at' | 'reason'>,
  actor: Actor,
): AuditEntry[] {
  const what = { at, kind: 'namespace.released', ...actor, reason, outcome: 'ok' } as const;
  return nameEach(namespaces).map((names) => ({ ...what, ...names }));
}

/** A run that has ended. */
export interface EndedRun {
  readonly namespace: string;
  readonly rolloutId: string;
  readonly trigger: string;
  readonly version: string;
  readonly reason: string;
  /** The reason without what differs between namespaces; left out if it has completed. */
  readonly cause?: string | undefined;
}

export function failingEntry({ reason, cause, ...run }: EndedRun, at: number): AuditEntry {
  const why = { reason, ...(cause !== undefined && { cause }) };
  return { at, kind: 'namespace.failing', ...aboutRun(run), ...why, outcome: 'failed' };
}

export function recoveredEntry({ reason, ...run }: EndedRun, at: number): AuditEntry {
  return { at, kind: 'namespace.recovered', ...aboutRun(run), reason, outcome: 'ok' };
}

function aboutRun({ namespace, rolloutId, trigger, version }: Omit<EndedRun, 'reason' | 'cause'>) {
  const known = Trigger.safeParse(trigger).data;
  const about = { ...nameNamespaces([namespace]), rolloutId, release: version };
  return { by: SKIPPER, ...(known && { trigger: known }), ...about };
}
