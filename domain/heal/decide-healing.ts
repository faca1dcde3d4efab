import type { AuditEntry } from '../audit/audit-entry.ts';
import type { Repair } from '../rollout/repair.ts';
import { HOUR_MS } from '../time-parts.ts';
import {
  type Assessment,
  assessNamespace,
  isRecovering,
  type NamespaceFacts,
  sickSince,
  whyLeftAlone,
} from './assess-namespace.ts';
import { noteFleetCauses } from './fleet-causes.ts';
import { healLimit } from './heal-limit.ts';
import { type HealSettings, longestWait } from './heal-settings.ts';
import { recentSteps, STALE_DECISION_MS, withoutUnrequested } from './heal-steps.ts';
import type { HealingStatus, HealingStep, NamespaceHealing } from './healing.ts';
import { auditNews, type HealNews } from './healing-audit.ts';
import { describeMeans } from './ladder.ts';
import { countStates } from './list-healing.ts';
import { RULES } from './rule.ts';
import { type Sick, turnValve } from './stop-valve.ts';

/** What one pass over the fleet has seen. */
export interface HealFleet {
  /** The namespaces in which a rule holds, and those that are known from the pass before. */
  readonly namespaces: ReadonlyMap<string, NamespaceFacts>;
  /** FIAAS namespaces. */
  readonly fleet: number;
  /** Of the pass before. */
  readonly status: HealingStatus | undefined;
  readonly settings: HealSettings;
  readonly isDeafKnown: boolean;
  readonly now: number;
}

export interface HealDecision {
  /** What to store, by namespace; of the others nothing has to be known any more. */
  readonly healing: ReadonlyMap<string, NamespaceHealing>;
  /** What to do now. */
  readonly actions: ReadonlyMap<string, Repair>;
  readonly status: HealingStatus;
  readonly audit: readonly AuditEntry[];
}

type Due = Extract<Assessment, { kind: 'due' }> & { readonly namespace: string };

/**
 * Decides what healing does next. Only what is stored and what holds now counts, so any worker can decide, any number of times.
 * No step begins while another one, a request or a rollout is under way in its namespace.
 */
export function decideHealing(fleet: HealFleet): HealDecision {
  const { settings, now } = fleet;
  const valve = turnValve(
    valveBefore(fleet.status, now),
    sickOf(fleet),
    healLimit(settings.stopShare, fleet.fleet),
    now,
  );
  const { fleetCauses, audit: ofCauses } = noteFleetCauses({
    findings: [],
    before: fleet.status?.fleetCauses,
    settings,
    now,
  });
  const namespaces = withoutLost(fleet, valve.stopped?.reason);
  const assessed = [...namespaces].map(([namespace, facts]) => ({
    namespace,
    facts,
    assessment: assessNamespace(facts, settings, now),
  }));
  const cap = openCap({ ...fleet, namespaces });
  const due = assessed
    .flatMap(({ namespace, assessment }) => (assessment.kind === 'due' ? [{ ...assessment, namespace }] : []))
    .sort((a, b) => a.dueAt - b.dueAt || (a.namespace < b.namespace ? -1 : 1));
  const limits = { settings, now, cap, stopped: valve.stopped?.reason };
  const decided = new Map(due.map((each) => [each.namespace, decideStep(each, limits)]));
  const healing = new Map<string, NamespaceHealing>();
  const news: HealNews[] = [];
  for (const { namespace, facts, assessment } of assessed) {
    const next = decided.get(namespace) ?? settle(assessment, facts, limits);
    if (next) healing.set(namespace, withReport(next, facts, limits));
    news.push(...newsOf(namespace, facts, healing.get(namespace), settings));
  }
  return {
    healing,
    actions: actionsOf(due, decided),
    status: { ...statusOf(fleet, valve, cap), states: countStates(healing), fleetCauses },
    audit: [...ofCauses, ...auditValve(fleet.status, valve, now), ...auditNews(news, now)],
  };
}

/**
 * The first pass that judges namespaces, also after healing was off, cannot know when they fell sick: they do not stop it. What was
 * stopped before stays so.
 */
function valveBefore(status: HealingStatus | undefined, now: number) {
  if (status?.states && status.mode !== 'off') return status;
  return status?.stopped ? { stopped: status.stopped } : { resumedAt: now };
}

function sickOf({ namespaces, settings, now }: HealFleet): Sick[] {
  return [...namespaces.values()].flatMap((facts): Sick[] => {
    const { findings, before } = facts;
    if (findings.length === 0)
      return before && isRecovering(facts, settings, now) ? [{ since: before.since }] : [];
    // What is wrong in the whole fleet says nothing about this one.
    const first = findings.find(({ isFleetWide }) => !isFleetWide);
    // What a person has switched off is not sick.
    if (!first || first.rule === 'scaled-down') return [];
    return [{ rule: first.rule, since: sickSince(facts, now) }];
  });
}

/** Steps of a pass that died before it requested them are given up if this pass would not begin them. */
function withoutLost(
  { namespaces, settings, now }: HealFleet,
  stopped: string | undefined,
): HealFleet['namespaces'] {
  const all = settings.mode === 'on' ? stopped : 'healing only reports now';
  return new Map(
    [...namespaces].map(([namespace, facts]) => {
      const before =
        facts.before &&
        withoutUnrequested(facts.before, (step) => all ?? whyLost(step, facts, { settings, now }), now);
      return [namespace, { ...facts, before }];
    }),
  );
}

function whyLost(
  { at, rule }: HealingStep,
  facts: NamespaceFacts,
  { settings, now }: Pick<HealFleet, 'settings' | 'now'>,
): string | undefined {
  const { findings } = facts;
  const [first] = findings;
  if (!first || findings.every((finding) => finding.rule !== rule)) return `${rule} does not hold any more`;
  if (now - at > STALE_DECISION_MS) return 'no worker requested it in time';
  return whyLeftAlone(facts, first, settings);
}

interface Cap {
  readonly limit: number;
  /** The namespaces that were healed within the last hour, and when first. */
  readonly used: Map<string, number>;
}

function openCap({ namespaces, settings, fleet, now }: HealFleet): Cap {
  const used = new Map<string, number>();
  for (const [namespace, { before }] of namespaces) {
    const [first] = recentSteps(before?.steps ?? [], now).filter(({ end }) => end !== 'cancelled');
    if (first) used.set(namespace, first.at);
  }
  return { limit: healLimit(settings.hourlyCap, fleet), used };
}

interface Limits {
  readonly settings: HealSettings;
  readonly now: number;
  readonly cap: Cap;
  /** Why nothing is healed in the whole fleet now. */
  readonly stopped: string | undefined;
}

/** A step that is due is taken, or not because of a limit. A namespace that was healed within the hour needs no second place. */
function decideStep({ namespace, healing, dueAt, repair, cause }: Due, limits: Limits): NamespaceHealing {
  const { settings, now, cap, stopped } = limits;
  const what = describeMeans(repair.means, repair.rule);
  const due = { ...healing, nextMeans: repair.means };
  const isFull = !cap.used.has(namespace) && cap.used.size >= cap.limit;
  if (settings.mode !== 'on') {
    const reason = `would ${what}${describeLimit(stopped, isFull)}`;
    return { ...due, state: 'reported', reason, nextAt: dueAt };
  }
  if (stopped !== undefined) {
    return { ...due, state: 'stopped', reason: `healing is stopped: ${stopped}`, nextAt: dueAt };
  }
  if (isFull) {
    const reason = `as many namespaces were healed within the last hour as --heal-hourly-cap allows (${cap.limit}); to repair it now: skipper deploy ${namespace}`;
    return { ...due, state: 'stopped', reason, nextAt: freeTime(cap, now) };
  }
  cap.used.set(namespace, cap.used.get(namespace) ?? now);
  const { nextMeans: _means, nextAt: _at, ...begun } = due;
  const step = { at: now, means: repair.means, rule: begun.findings[0]?.rule ?? 'unavailable' } as const;
  const reason = `${what}: ${repair.rule}, ${repair.evidence}`;
  const wanted = cause ?? begun.wanted;
  return { ...begun, state: 'healing', reason, ...(wanted && { wanted }), steps: [...healing.steps, step] };
}

/** What would keep healing from a step, if it was on. */
function describeLimit(stopped: string | undefined, isFull: boolean): string {
  if (stopped !== undefined) return `, but healing is stopped: ${stopped}`;
  return isFull ? ', but as many were healed within the last hour as --heal-hourly-cap allows' : '';
}

/** When the next namespace has a place. */
function freeTime({ used }: Cap, now: number): number {
  return [...used.values()].reduce((a, b) => Math.min(a, b), now) + HOUR_MS;
}

function settle(
  assessment: Assessment,
  { findings: [first], cause }: NamespaceFacts,
  { stopped, now }: Limits,
): NamespaceHealing | undefined {
  if (assessment.kind === 'well') return undefined;
  if (assessment.kind !== 'give-up' || !first) return assessment.healing;
  const { healing, reason } = assessment;
  // What does not help while the whole fleet is sick says nothing about the namespace.
  if (stopped !== undefined)
    return { ...healing, state: 'stopped', reason: `healing is stopped: ${stopped}` };
  // Nothing would end the quarantine.
  if (cause === undefined) return { ...healing, state: 'waiting', reason: `${QUOTAS_UNREAD}: ${reason}` };
  const { rule, evidence } = first;
  return {
    ...healing,
    state: 'quarantined',
    reason,
    quarantine: { since: now, rule, reason, evidence, cause },
  };
}

const QUOTAS_UNREAD = 'it is given up as soon as the quotas of the namespace can be read';

/** It is reported as failing once it was sick for long enough, and nothing else is under way there. */
function withReport(
  next: NamespaceHealing,
  { findings, busy }: NamespaceFacts,
  limits: Limits,
): NamespaceHealing {
  const { now, settings } = limits;
  const isOld = now - (next.waitsSince ?? next.since) >= settings.backoffMs;
  const isBusy = busy !== undefined && next.state === 'left-alone';
  if (next.isReported || findings.length === 0 || !isOld || isBusy) return next;
  return { ...next, isReported: true };
}

function newsOf(
  namespace: string,
  facts: NamespaceFacts,
  next: NamespaceHealing | undefined,
  settings: HealSettings,
): HealNews[] {
  const { findings, before } = facts;
  const [first] = findings;
  const known = { namespace, rule: first?.rule };
  const news: HealNews[] = [];
  const evidence = first?.evidence ?? 'no rule holds any more';
  if (next?.isReported && !before?.isReported && !isSaidByDeploy(facts, next, settings))
    news.push({ ...known, kind: 'namespace.failing', reason: evidence });
  const isEnded = before?.quarantine && next?.quarantine?.since !== before.quarantine.since;
  if (isEnded) {
    const reason = first ? 'what it waited for has changed' : 'no rule holds any more';
    news.push({ namespace, rule: before.quarantine?.rule, kind: 'heal.unquarantined', reason });
  }
  if (next && next.steps.length > 0 && isBegun(next, before)) {
    news.push({ ...known, kind: 'heal.step', reason: next.reason });
  }
  if (next?.quarantine && (isEnded || !before?.quarantine)) {
    news.push({ ...known, kind: 'heal.quarantined', reason: `${next.quarantine.reason}: ${evidence}` });
  }
  if (before?.isReported && !next?.isReported) {
    news.push({ namespace, rule: before.findings[0]?.rule, kind: 'namespace.recovered', reason: evidence });
  }
  return news;
}

/** It fell sick during a deploy that failed, or soon after it: that failure has its own entry, and people its notification. */
function isSaidByDeploy(
  { deployFailedAt }: NamespaceFacts,
  { since }: NamespaceHealing,
  { backoffMs }: HealSettings,
): boolean {
  return deployFailedAt !== undefined && since - deployFailedAt < longestWait(backoffMs);
}

function isBegun(next: NamespaceHealing, before: NamespaceHealing | undefined): boolean {
  const last = next.steps.at(-1);
  return last !== undefined && last.endedAt === undefined && before?.steps.at(-1)?.at !== last.at;
}

function actionsOf(due: readonly Due[], decided: ReadonlyMap<string, NamespaceHealing>): Map<string, Repair> {
  const taken = due.filter(({ namespace }) => decided.get(namespace)?.state === 'healing');
  return new Map(taken.map(({ namespace, repair }) => [namespace, repair]));
}

function statusOf(
  { namespaces, fleet, settings, isDeafKnown, now }: HealFleet,
  valve: Pick<HealingStatus, 'stopped' | 'resumedAt'>,
  cap: Cap,
): HealingStatus {
  const { limit, used } = cap;
  const found = [...namespaces.values()].map(({ findings }) => new Set(findings.map(({ rule }) => rule)));
  const counts = RULES.map((rule) => [rule, found.filter((rules) => rules.has(rule)).length] as const);
  return {
    mode: settings.mode,
    checkedAt: now,
    intervalSeconds: settings.intervalSeconds,
    fleet,
    sick: found.filter(({ size }) => size > 0).length,
    rules: Object.fromEntries(counts.filter(([, count]) => count > 0)),
    isDeafKnown,
    cap: { limit, used: used.size, ...(used.size >= limit && { freeAt: freeTime(cap, now) }) },
    ...valve,
  };
}

function auditValve(
  before: HealingStatus | undefined,
  { stopped }: Pick<HealingStatus, 'stopped'>,
  now: number,
): AuditEntry[] {
  const entry = { at: now, by: 'skipper', trigger: 'heal', outcome: 'ok' } as const;
  if (stopped && !before?.stopped) return [{ ...entry, kind: 'heal.stopped', reason: stopped.reason }];
  if (stopped || !before?.stopped) return [];
  const reason = 'not more namespaces are sick than --heal-stop-share allows';
  return [{ ...entry, kind: 'heal.resumed', reason }];
}
