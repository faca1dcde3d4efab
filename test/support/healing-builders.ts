import type { NamespaceFacts } from '../../domain/heal/assess-namespace.ts';
import { decideHealing, type HealDecision, type HealFleet } from '../../domain/heal/decide-healing.ts';
import type { HealSettings } from '../../domain/heal/heal-settings.ts';
import { withRollout } from '../../domain/heal/heal-steps.ts';
import type { HealingStatus, HealingStep, NamespaceHealing } from '../../domain/heal/healing.ts';
import type { Finding, Rule } from '../../domain/heal/rule.ts';
import type { PassResult } from '../../domain/heal/view-rules.ts';
import { aSettledSnapshot } from './builders.ts';

export const BACKOFF_MS = 60_000;
export const NOW = Date.UTC(2026, 10, 29, 8);
export const MINUTE = 60_000;

export function someHealSettings(overrides: Partial<HealSettings> = {}): HealSettings {
  return {
    mode: 'on',
    backoffMs: BACKOFF_MS,
    hourlyCap: '10%',
    stopShare: '20%',
    healsScaledDown: false,
    intervalSeconds: 15,
    ...overrides,
  };
}

export function aFinding(rule: Rule, overrides: Partial<Finding> = {}): Finding {
  return { rule, since: NOW - 5 * MINUTE, evidence: `${rule} was seen`, ...overrides };
}

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

export function someFacts(overrides: Partial<NamespaceFacts> = {}): NamespaceFacts {
  return { findings: [], cause: 'config 1, release 1', pods: ['fdd-1'], isAvailable: false, ...overrides };
}

export function aFleet(
  namespaces: Readonly<Record<string, NamespaceFacts>>,
  overrides: Partial<HealFleet> = {},
): HealFleet {
  return {
    namespaces: new Map(Object.entries(namespaces)),
    fleet: 100,
    status: aStatus({
      checkedAt: NOW - 15_000,
      fleet: 100,
      sick: 0,
      rules: {},
      states: {},
      cap: { limit: 10, used: 0 },
    }),
    settings: someHealSettings(),
    isDeafKnown: true,
    now: NOW,
    ...overrides,
  };
}

/** The passes over one namespace, one after the other. */
export interface Patient {
  readonly healing: NamespaceHealing | undefined;
  readonly last: HealDecision | undefined;
  readonly now: number;
}

export const WELL: Patient = { healing: undefined, last: undefined, now: NOW };

/** Lets time pass, then makes a pass. */
export function passOver(
  patient: Patient,
  afterMs: number,
  facts: Partial<NamespaceFacts>,
  settings: Partial<HealSettings> = {},
): Patient {
  const now = patient.now + afterMs;
  const fleet = aFleet(
    { a: someFacts({ ...facts, before: patient.healing }) },
    { now, settings: someHealSettings(settings), status: patient.last?.status },
  );
  const last = decideHealing(fleet);
  return { healing: last.healing.get('a'), last, now };
}

/** The step that was decided now has its rollout. */
export function requestStep(patient: Patient): Patient {
  const { healing, now } = patient;
  return healing ? { ...patient, healing: withRollout(healing, now, 'r1') } : patient;
}

/** Ends the step that is under way. */
export function endStep(patient: Patient, end: HealingStep['end'] = 'completed', result = 'done'): Patient {
  const { healing, now } = patient;
  if (!healing) return patient;
  const steps = healing.steps.map((step) =>
    step.endedAt === undefined ? { ...step, endedAt: now, end, result } : step,
  );
  return { ...patient, healing: { ...healing, steps } };
}

/** Passes until a step begins or the namespace is quarantined. */
export function untilStep(
  patient: Patient,
  facts: Partial<NamespaceFacts>,
  settings: Partial<HealSettings> = {},
): Patient {
  let next = patient;
  for (let passes = 0; passes < 10_000; passes += 1) {
    next = passOver(next, 15_000, facts, settings);
    if ((next.last?.actions.size ?? 0) > 0 || next.healing?.state === 'quarantined') return next;
  }
  throw new Error('no step, and no quarantine');
}
