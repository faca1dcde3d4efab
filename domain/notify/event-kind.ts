import * as z from 'zod';
import type { AuditEntry, AuditKind } from '../audit/audit-entry.ts';

/** What a receiver can choose, as operators name it. */
export const CHOSEN_EVENTS = [
  'release-found',
  'rollout-started',
  'rollout-paused',
  'rollout-failed',
  'rollout-completed',
  'approval-wanted',
  'namespace-failing',
  'namespace-recovered',
  'quarantined',
  'healing-stopped',
  'healing-resumed',
  'healing-blocked',
  'healing-unblocked',
  'redis-outage',
  'cluster-outage',
  'outage-ended',
  'state-rebuilt',
] as const;
/** `test` reaches every receiver. */
export const EVENT_KINDS = [...CHOSEN_EVENTS, 'test'] as const;
export const EventKind = z.enum(EVENT_KINDS).meta({ id: 'EventKind' });
export type EventKind = z.infer<typeof EventKind>;

/** For a receiver that names no events: what a person has to act on, and its end. */
export const DEFAULT_EVENTS: readonly (typeof CHOSEN_EVENTS)[number][] = [
  'rollout-paused',
  'rollout-failed',
  'approval-wanted',
  'namespace-failing',
  'quarantined',
  'healing-stopped',
  'healing-resumed',
  'healing-blocked',
  'healing-unblocked',
  'redis-outage',
  'cluster-outage',
  'outage-ended',
  'state-rebuilt',
];

const EVENT_OF: Readonly<Partial<Record<AuditKind, EventKind>>> = {
  'release.found': 'release-found',
  'rollout.started': 'rollout-started',
  'rollout.paused': 'rollout-paused',
  // Like a pause, it waits for a person.
  'rollout.interrupted': 'rollout-paused',
  'rollout.failed': 'rollout-failed',
  'rollout.completed': 'rollout-completed',
  'rollout.approval-wanted': 'approval-wanted',
  'namespace.failing': 'namespace-failing',
  'namespace.recovered': 'namespace-recovered',
  'heal.quarantined': 'quarantined',
  'heal.stopped': 'healing-stopped',
  'heal.resumed': 'healing-resumed',
  'heal.blocked': 'healing-blocked',
  'heal.unblocked': 'healing-unblocked',
  'outage.redis': 'redis-outage',
  'outage.cluster': 'cluster-outage',
  'outage.ended': 'outage-ended',
  'state.rebuilt': 'state-rebuilt',
};

/** Undefined for what is only kept in the audit log, such as what was refused: nothing has changed then. */
export function eventKindOf(
  entry: Pick<AuditEntry, 'kind' | 'outcome' | 'trigger' | 'rolloutId'>,
): EventKind | undefined {
  return entry.outcome === 'refused' || isStepOfHealing(entry) ? undefined : EVENT_OF[entry.kind];
}

/** Healing itself says when a namespace falls sick, is well again or is in quarantine: its steps in between are not news. */
function isStepOfHealing({
  kind,
  trigger,
  rolloutId,
}: Pick<AuditEntry, 'kind' | 'trigger' | 'rolloutId'>): boolean {
  const isOfRun = kind.startsWith('namespace.') && rolloutId !== undefined;
  return trigger === 'heal' && (isOfRun || kind.startsWith('rollout.'));
}
