import { SKIPPER } from '../../domain/audit/actor.ts';
import type { AuditEntry, AuditKind } from '../../domain/audit/audit-entry.ts';
import { isByPeople, type Trigger } from '../../domain/rollout/rollout.ts';

/** What happened, for people. */
export const AUDIT_WORDS: Readonly<Record<AuditKind, string>> = {
  'release.announced': 'Release announced',
  'release.found': 'New release',
  'release.ignored': 'Release ignored',
  'release.allowed': 'Release not ignored any more',
  'rollout.requested': 'Rollout requested',
  'rollout.joined': 'Namespaces joined the rollout',
  'rollout.started': 'Rollout started',
  'rollout.paused': 'Rollout paused',
  'rollout.resumed': 'Rollout resumed',
  'rollout.completed': 'Rollout completed',
  'rollout.failed': 'Rollout failed',
  'rollout.cancelled': 'Rollout cancelled',
  'rollout.superseded': 'Rollout superseded',
  'rollout.retried': 'Failed targets retried',
  'rollout.skipped': 'Targets skipped',
  'rollout.approved': 'Wave approved',
  'rollout.approval-wanted': 'Approval wanted',
  'rollout.rolled-back': 'Rollout taken back',
  'rollout.interrupted': 'Rollout interrupted',
  'plan.made': 'Plan made',
  'plan.carried-out': 'Plan carried out',
  'namespace.held': 'Namespace held',
  'namespace.pinned': 'Namespace pinned',
  'namespace.released': 'Hold ended',
  'namespace.failing': 'Namespace failing',
  'namespace.recovered': 'Namespace recovered',
  'heal.step': 'Repair',
  'heal.quarantined': 'Quarantined',
  'heal.unquarantined': 'Quarantine ended',
  'heal.stopped': 'Healing stopped',
  'heal.resumed': 'Healing resumed',
  'heal.blocked': 'Cause in the whole fleet found',
  'heal.unblocked': 'Cause in the whole fleet not found any more',
  'board.action': 'Action on the board',
  'request.refused': 'Request refused',
  'outage.redis': 'Redis unreachable',
  'outage.cluster': 'Kubernetes API unreachable',
  'outage.ended': 'Outage over',
  'state.rebuilt': 'State rebuilt',
  'notify.tested': 'Notification tested',
};

/** The groups of kinds, by what their names begin with. */
export const FAMILY_WORDS: Readonly<Record<string, string>> = {
  release: 'Releases',
  rollout: 'Rollouts',
  plan: 'Plans',
  namespace: 'Namespaces',
  heal: 'Healing',
  board: 'Board',
  request: 'Refused requests',
  outage: 'Outages',
  state: 'State',
  notify: 'Notifications',
};

export const OUTCOME_WORDS: Readonly<Record<AuditEntry['outcome'], string>> = {
  ok: 'OK',
  refused: 'Refused',
  failed: 'Failed',
};

/** The class of an outcome's colour. */
export const OUTCOME_HUES: Readonly<Record<AuditEntry['outcome'], string>> = {
  ok: 'unmanaged',
  refused: 'outdated',
  failed: 'degraded',
};

const TRIGGER_WORDS: Readonly<Record<Trigger, string>> = {
  api: 'with the API',
  cli: 'on the command line',
  board: 'on the board',
  release: 'after a release check',
  retry: 'for a retry',
  heal: 'for a repair',
  webhook: 'for a webhook',
  unknown: 'for an unknown reason',
};

/** `by 10.0.0.7 on the command line`, `by Skipper after a release check`. */
export function whoWords({ by, from, trigger }: Pick<AuditEntry, 'by' | 'from' | 'trigger'>): string {
  if (by === SKIPPER) return `by Skipper${how(trigger && isByPeople(trigger) ? undefined : trigger)}`;
  const where = from === undefined || from === by ? '' : ` from ${from}`;
  return `by ${by}${where}${how(trigger)}`;
}

function how(trigger: Trigger | undefined): string {
  return trigger === undefined ? '' : ` ${TRIGGER_WORDS[trigger]}`;
}
