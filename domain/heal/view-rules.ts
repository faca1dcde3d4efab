import type { NamespaceSnapshot } from '../cluster/observed.ts';
import { describeDuration } from '../rollout/describe-duration.ts';
import { SECOND_MS } from '../time-parts.ts';
import type { HealingStatus, NamespaceHealing } from './healing.ts';
import type { HealthRules, RuleView } from './healing-view.ts';
import { isStalePass, staleTime } from './is-stale-pass.ts';
import { type Finding, RULES, type Rule } from './rule.ts';
import type { JudgedRecord } from './rule-input.ts';
import { WATCH_LAG_MS, whyJudgedNowhere, whyNotJudged } from './why-not-judged.ts';

/** What the latest pass of healing has stored about a namespace. */
export interface PassResult {
  readonly status: HealingStatus | undefined;
  readonly healing: NamespaceHealing | undefined;
  /** As the namespace is now. */
  readonly snapshot: NamespaceSnapshot;
  readonly record: JudgedRecord | undefined;
}

/** Every rule's state in one namespace. It is `ok` only if a recent pass has verified that. */
export function viewRules(pass: PassResult, now: number): HealthRules {
  const { status, healing } = pass;
  const isStale = isStalePass(status, now);
  if (status === undefined) return unknownRules(NO_PASS);
  const { mode, checkedAt } = status;
  if (mode === 'off')
    return { mode, checkedAt, isStale, rules: RULES.map((rule) => ({ rule, state: 'off' })) };
  const whyStale = isStale ? describeAge(status, now) : undefined;
  const rules = RULES.map((rule) => viewRule(rule, { ...pass, status }, whyStale));
  return { mode, checkedAt, isStale, staleAt: staleTime(status), rules, ...(healing && { healing }) };
}

/** The same at a later time: what was verified then is not verified forever. */
export function ageRules(view: HealthRules, now: number): HealthRules {
  const { staleAt, rules } = view;
  if (view.isStale || staleAt === undefined || now <= staleAt) return view;
  return {
    ...view,
    isStale: true,
    rules: rules.map((each) => ({ ...each, state: 'unknown', reason: NO_NEWS })),
  };
}

/** For when the stored result cannot be read. */
export function unknownRules(reason: string): HealthRules {
  return { isStale: true, rules: RULES.map((rule) => ({ rule, state: 'unknown', reason })) };
}

/** How old a stale pass is, in words. */
export function describeAge({ checkedAt, intervalSeconds }: HealingStatus, now: number): string {
  const age = Math.floor((now - checkedAt) / SECOND_MS) * SECOND_MS;
  const interval = describeDuration(intervalSeconds * SECOND_MS);
  return `the latest pass was ${describeDuration(age)} ago, and one is due every ${interval}`;
}

export const NO_PASS = 'no pass of healing is known: no worker has made one since Redis was empty';

interface KnownPass extends PassResult {
  readonly status: HealingStatus;
}

function viewRule(rule: Rule, pass: KnownPass, whyStale: string | undefined): RuleView {
  const { status, healing } = pass;
  const known = healing?.findings.find((finding) => finding.rule === rule);
  const found = status.fleetWide ? status.fleetWide.find((finding) => finding.rule === rule) : known;
  const seen = shownOf(found ?? known);
  const reason = whyStale ?? (found ? whyJudgedNowhere(rule, status) : whyUnknown(rule, pass));
  if (reason !== undefined) return { rule, state: 'unknown', ...seen, reason };
  return found ? { rule, state: 'holds', ...seen } : { rule, state: 'ok' };
}

function shownOf(finding: Finding | undefined): Pick<RuleView, 'since' | 'evidence' | 'by'> | undefined {
  return (
    finding && { since: finding.since, evidence: finding.evidence, ...(finding.by && { by: finding.by }) }
  );
}

/** Why the latest pass has not judged a rule that it has not found. */
function whyUnknown(rule: Rule, { status, snapshot, record }: KnownPass): string | undefined {
  const at = status.checkedAt;
  const why = whyNew(snapshot, at) ?? whyNotJudged(rule, { snapshot, record, settleMs: WATCH_LAG_MS, at });
  return whyJudgedNowhere(rule, status) ?? (why && `not judged: ${why}`);
}

/** A pass sees a namespace as soon as its watches do. */
function whyNew({ config }: NamespaceSnapshot, checkedAt: number): string | undefined {
  const createdAt = config?.ok ? config.value.createdAt : undefined;
  const isNew = createdAt !== undefined && checkedAt - createdAt < WATCH_LAG_MS;
  return isNew ? 'it is newer than the latest pass' : undefined;
}

const NO_NEWS = 'no newer pass of healing was seen';
