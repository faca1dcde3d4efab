import type { Decision } from '../rollout/decide-rollout.ts';
import { groupFailures } from '../rollout/group-failures.ts';
import { isOpen, type Rollout, type RolloutTarget, type Trigger } from '../rollout/rollout.ts';
import type { FailureGroup, RolloutEvent, RolloutStatus, TargetPlan } from '../rollout/rollout-status.ts';
import { type Actor, requesterOf, SKIPPER } from './actor.ts';
import type { AuditEntry, AuditKind } from './audit-entry.ts';
import { isAboutWholeRollout, nameEach, nameNamespaces } from './name-namespaces.ts';

type AboutRollout = Pick<AuditEntry, 'rolloutId' | 'release' | 'channel'>;

/** A rollout that is being requested. */
export interface RequestedRollout {
  readonly rollout: Rollout;
  readonly namespaces: readonly string[];
  /** It begins only when an operator resumes it. */
  readonly pausedBecause?: string | undefined;
  /** The plan that it carries out. */
  readonly planId?: string | undefined;
}

/** Why the release check requests something. */
const AUTOMATIC: Readonly<Partial<Record<Trigger, string>>> = {
  release: 'the release check found that they differ from their channel or configuration',
  retry: 'the release check retries what has failed before',
};

/** The request of a rollout; if it carries out a plan, begins with the request, or waits for an operator, that as well. */
export function requestEntries({
  rollout,
  namespaces,
  pausedBecause,
  planId,
}: RequestedRollout): AuditEntry[] {
  const { createdAt: at, reason = '', rollsBack } = rollout;
  const about = { ...aboutRollout(rollout), ...nameNamespaces(namespaces), outcome: 'ok' as const };
  const actor = requesterOf(rollout);
  const known = reason || (actor.by === SKIPPER ? (AUTOMATIC[rollout.trigger] ?? '') : '');
  const why = rollsBack === undefined ? known : `takes rollout ${rollsBack} back: ${reason}`;
  const carriedOut = { at, kind: 'plan.carried-out' as const, ...actor, ...about, reason: `plan ${planId}` };
  const { trigger } = rollout;
  const wanted = { at, kind: 'rollout.approval-wanted' as const, by: SKIPPER, trigger, ...about };
  return [
    ...(planId === undefined ? [] : [carriedOut]),
    { at, kind: 'rollout.requested', ...actor, ...about, reason: why },
    ...(pausedBecause === undefined ? [] : [{ ...wanted, reason: pausedBecause }]),
    ...(pausedBecause === undefined && beginsAtOnce(rollout)
      ? [{ at, kind: 'rollout.started' as const, ...actor, ...about, reason: why }]
      : []),
  ];
}

/** What it is, for people: its versions, and its channel if it has one only. */
function aboutRollout({ id, releases }: Pick<Rollout, 'id' | 'releases'>): AboutRollout {
  const versions = [...new Set(releases.map(({ version }) => version))];
  const [channel = '', ...others] = [...new Set(releases.map((release) => release.channel))];
  return {
    rolloutId: id,
    ...(versions.length > 0 && { release: versions.join(', ') }),
    ...(channel !== '' && others.length === 0 && { channel }),
  };
}

/** Redis has lost its data, and not all of the rollout is known: it waits for an operator. */
export function interruptedEntry(rollout: Rollout, reason: string, at: number): AuditEntry {
  return { at, kind: 'rollout.interrupted', by: SKIPPER, ...aboutRollout(rollout), reason, outcome: 'ok' };
}

const KIND_OF_EVENT: Readonly<Partial<Record<RolloutEvent['kind'], AuditKind>>> = {
  paused: 'rollout.paused',
  resumed: 'rollout.resumed',
  cancelled: 'rollout.cancelled',
  retried: 'rollout.retried',
  skipped: 'rollout.skipped',
  approved: 'rollout.approved',
  'rolled back': 'rollout.rolled-back',
};

/** What an operator did with a rollout: the same as its timeline has. */
export function commandEntries(
  { rollout, plans }: { readonly rollout: Rollout; readonly plans: ReadonlyMap<string, TargetPlan> },
  { at, kind, reason, namespaces = [...plans.keys()] }: RolloutEvent,
  actor: Actor,
): AuditEntry[] {
  const known = KIND_OF_EVENT[kind];
  if (known === undefined) return [];
  const named = isAboutWholeRollout(known) ? [nameNamespaces(namespaces)] : nameEach(namespaces);
  const about = { at, kind: known, ...actor, ...aboutRollout(rollout) };
  return named.map((names) => ({ ...about, ...names, reason, outcome: 'ok' }));
}

/** Namespaces have joined a rollout of their release. */
export function joinEntries(rollout: Rollout, { at, reason, namespaces = [] }: RolloutEvent): AuditEntry[] {
  const about = { by: SKIPPER, trigger: rollout.trigger, ...aboutRollout(rollout) };
  return nameEach(namespaces).map((names) => ({
    at,
    kind: 'rollout.joined',
    ...about,
    ...names,
    reason,
    outcome: 'ok',
  }));
}

/** What a decision is about. */
export interface DecidedRollout {
  readonly rollout: Rollout;
  readonly status: Pick<RolloutStatus, 'because'>;
  readonly targets: ReadonlyMap<string, RolloutTarget>;
}

const KIND_OF_STATE = {
  running: 'rollout.started',
  paused: 'rollout.paused',
  completed: 'rollout.completed',
  failed: 'rollout.failed',
  cancelled: 'rollout.cancelled',
  superseded: 'rollout.superseded',
} as const;

/** What a decision changes; not the admissions, of which there are many. */
export function decisionEntries(known: DecidedRollout, decision: Decision, at: number): AuditEntry[] {
  const { rollout, status, targets } = known;
  const { change, fail, because, awaitsApproval } = decision;
  const base = { at, by: SKIPPER, trigger: rollout.trigger, ...aboutRollout(rollout) };
  const failing = groupFailures(fail.map(({ namespace, reason }) => ({ namespace, cause: reason })));
  return [
    ...failing.flatMap(({ cause, namespaces }): AuditEntry[] => {
      const what = { kind: 'namespace.failing', reason: cause, cause, outcome: 'failed' } as const;
      return nameEach(namespaces).map((names) => ({ ...base, ...what, ...names }));
    }),
    ...(change && !isSaid(rollout, change) ? [{ ...base, ...changeOf(change, targets) }] : []),
    // It waits until it is approved, and is decided again and again.
    ...(awaitsApproval && status.because !== because ? [{ ...base, ...approvalOf(targets, because) }] : []),
  ];
}

/** The request has said that it begins. */
function isSaid(rollout: Rollout, { state }: NonNullable<Decision['change']>): boolean {
  return state === 'running' && beginsAtOnce(rollout);
}

/** It reaches all of its namespaces at once, and nothing has to be decided before. */
function beginsAtOnce({ strategy }: Pick<Rollout, 'strategy'>): boolean {
  return strategy?.type !== 'Progressive';
}

function changeOf(
  { state, reason, failures }: NonNullable<Decision['change']>,
  targets: DecidedRollout['targets'],
): Pick<AuditEntry, 'kind' | 'namespaces' | 'count' | 'reason' | 'cause' | 'outcome'> {
  const isBad = state === 'paused' || state === 'failed';
  const failed = failures.flatMap(({ namespaces }) => namespaces);
  const which = isBad && failed.length > 0 ? failed : [...targets.keys()];
  return {
    kind: KIND_OF_STATE[state],
    ...nameNamespaces(which),
    reason,
    ...causeOf(failures),
    outcome: isBad ? 'failed' : 'ok',
  };
}

/** The most frequent one. */
function causeOf([first]: readonly FailureGroup[]): Pick<AuditEntry, 'cause'> {
  return first === undefined ? {} : { cause: first.cause };
}

function approvalOf(
  targets: DecidedRollout['targets'],
  reason: string,
): Pick<AuditEntry, 'kind' | 'namespaces' | 'count' | 'reason' | 'outcome'> {
  const left = [...targets].flatMap(([namespace, { state }]) => (isOpen(state) ? [namespace] : []));
  return { kind: 'rollout.approval-wanted', ...nameNamespaces(left), reason, outcome: 'ok' };
}
