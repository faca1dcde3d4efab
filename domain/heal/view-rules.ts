import { describeDuration } from '../rollout/describe-duration.ts';
import { SECOND_MS } from '../time-parts.ts';
import type { HealingStatus, NamespaceHealing } from './healing.ts';
import type { HealthRules, RuleView } from './healing-view.ts';
import { isStalePass, staleTime } from './is-stale-pass.ts';
import { RULES, type Rule } from './rule.ts';

/** What the latest pass of healing has stored about a namespace. */
export interface PassResult {
  readonly status: HealingStatus | undefined;
  readonly healing: NamespaceHealing | undefined;
}

/** Every rule's state in one namespace. It is `ok` only if a recent pass has verified that. */
export function viewRules(pass: PassResult, now: number): HealthRules {
  const { status, healing } = pass;
  const isStale = isStalePass(status, now);
  if (status === undefined) return unknownRules(NO_PASS);
  const { mode, checkedAt } = status;
  if (mode === 'off')
    return { mode, checkedAt, isStale, rules: RULES.map((rule) => ({ rule, state: 'off' })) };
  const whyUnknown = isStale ? describeAge(status, now) : undefined;
  const rules = RULES.map((rule) => viewRule(rule, pass, whyUnknown));
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

function viewRule(rule: Rule, { status, healing }: PassResult, whyUnknown: string | undefined): RuleView {
  const found = healing?.findings.find((finding) => finding.rule === rule);
  const seen = found && { since: found.since, evidence: found.evidence, ...(found.by && { by: found.by }) };
  if (whyUnknown !== undefined) return { rule, state: 'unknown', ...seen, reason: whyUnknown };
  if (seen) return { rule, state: 'holds', ...seen };
  if (rule === 'deaf' && !status?.isDeafKnown) return { rule, state: 'unknown', reason: NOT_WATCHED };
  return { rule, state: 'ok' };
}

const NO_NEWS = 'no newer pass of healing was seen';

const NOT_WATCHED = 'the watches that find a deaf FDD are off (--deaf-after 0), or not up to date yet';
