import type { HealingStatus, NamespaceHealing } from '../../domain/heal/healing.ts';
import type { Finding, Rule } from '../../domain/heal/rule.ts';
import type { PassResult } from '../../domain/heal/view-rules.ts';
import { aSettledSnapshot } from './builders.ts';

export const NOW = Date.UTC(2026, 10, 29, 8);
export const MINUTE = 60_000;

export function aStatus(fields: Partial<HealingStatus> = {}): HealingStatus {
  return {
    mode: 'on',
    checkedAt: NOW - 5_000,
    intervalSeconds: 15,
    fleet: 200,
    sick: 1,
    rules: { 'crash-loop': 1 },
    isDeafKnown: true,
    cap: { limit: 20, used: 3 },
    ...fields,
  };
}

/** What a pass has stored about a namespace that is as it should be. */
export function aPass(fields: Partial<PassResult> = {}): PassResult {
  return {
    status: aStatus(),
    healing: undefined,
    snapshot: aSettledSnapshot(),
    record: undefined,
    ...fields,
  };
}

export function aHealing(fields: Partial<NamespaceHealing> = {}): NamespaceHealing {
  return {
    state: 'waiting',
    reason: 'FDD is restarted if it does not recover',
    findings: [aFinding('crash-loop')],
    since: NOW - 5 * MINUTE,
    steps: [],
    ...fields,
  };
}

export function aFinding(rule: Rule, fields: Partial<Finding> = {}): Finding {
  return { rule, since: NOW - 5 * MINUTE, evidence: 'pod fdd-1 restarted 7 times', ...fields };
}
