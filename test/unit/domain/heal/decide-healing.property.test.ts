import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { NamespaceFacts } from '../../../../domain/heal/assess-namespace.ts';
import { decideHealing, type HealDecision } from '../../../../domain/heal/decide-healing.ts';
import { HealingStatus, type HealingStep, NamespaceHealing } from '../../../../domain/heal/healing.ts';
import { LADDERS } from '../../../../domain/heal/ladder.ts';
import { RULES } from '../../../../domain/heal/rule.ts';
import { HOUR_MS } from '../../../../domain/time-parts.ts';
import {
  aFinding,
  aFleet,
  BACKOFF_MS,
  endStep,
  NOW,
  passOver,
  someFacts,
  someHealSettings,
  untilStep,
  WELL,
} from '../../../support/healing-builders.ts';

const FLEET = 12;
const NAMES = Array.from({ length: FLEET }, (_, index) => `ns-${index}`);
const CAP = 5;

/** What happens to a namespace before a pass. */
const seen = fc.record({
  rule: fc.option(fc.constantFrom(...RULES), { nil: undefined, freq: 3 }),
  busy: fc.option(fc.constant('rollout r1 is under way'), { nil: undefined, freq: 5 }),
  forbidden: fc.option(fc.constant('held'), { nil: undefined, freq: 8 }),
  end: fc.constantFrom<End | 'open' | 'lost'>(
    'open',
    'open',
    'lost',
    'completed',
    'failed',
    'cancelled',
    'superseded',
  ),
  cause: fc.constantFrom('one', 'one', 'one', 'two'),
  isAvailable: fc.boolean(),
});
const pass = fc.record({
  afterMs: fc.integer({ min: 1, max: 5 * BACKOFF_MS }),
  seen: fc.array(seen, { minLength: FLEET, maxLength: FLEET }),
});

interface Pass {
  readonly now: number;
  readonly facts: ReadonlyMap<string, NamespaceFacts>;
  readonly decision: HealDecision;
}

function run(passes: readonly (typeof pass extends fc.Arbitrary<infer T> ? T : never)[]): Pass[] {
  const done: Pass[] = [];
  let now = NOW;
  for (const { afterMs, seen: all } of passes) {
    now += afterMs;
    const last = done.at(-1)?.decision;
    const entries = NAMES.flatMap((name, index): [string, NamespaceFacts][] => {
      const what = all[index];
      const before = followed(last?.healing.get(name), what?.end, now);
      if (!what || (what.rule === undefined && !before)) return [];
      const findings = what.rule === undefined ? [] : [aFinding(what.rule, { since: now })];
      return [[name, someFacts({ ...what, findings, ...(before && { before }) })]];
    });
    const facts = new Map(entries);
    const settings = someHealSettings({ hourlyCap: '10%', stopShare: '90%' });
    const fleet = aFleet({}, { namespaces: facts, fleet: FLEET, now, settings, status: last?.status });
    done.push({ now, facts, decision: decideHealing(fleet) });
  }
  return done;
}

type End = NonNullable<HealingStep['end']>;

/** What has become of the step that is under way; `lost`: its worker died before it requested it. */
function followed(
  healing: NamespaceHealing | undefined,
  what: End | 'open' | 'lost' | undefined,
  now: number,
) {
  if (!healing || what === undefined || what === 'lost') return healing;
  const change = what === 'open' ? { rolloutId: 'r1' } : { endedAt: now, end: what, result: what };
  const steps = healing.steps.map((step) => (step.endedAt === undefined ? { ...step, ...change } : step));
  return { ...healing, steps };
}

function isLeftAlone(facts: NamespaceFacts | undefined): boolean {
  const { findings: [first] = [], busy, forbidden } = facts ?? {};
  if (busy !== undefined || forbidden !== undefined) return true;
  return (
    first !== undefined &&
    (first.rule === 'scaled-down' || !LADDERS[first.rule].some((means) => means !== 'wait'))
  );
}

const history = fc.array(pass, { minLength: 1, maxLength: 60 }).map(run);

describe('any history', () => {
  test('never has two steps under way in a namespace, and none beside other work', () => {
    fc.assert(
      fc.property(history, (passes) => {
        for (const { decision, facts } of passes) {
          for (const { steps } of decision.healing.values()) {
            expect(steps.filter(({ endedAt }) => endedAt === undefined).length).toBeLessThanOrEqual(1);
          }
          for (const namespace of decision.actions.keys()) {
            expect(facts.get(namespace)?.busy ?? facts.get(namespace)?.forbidden).toBeUndefined();
          }
        }
      }),
    );
  });

  test('keeps the cap in every hour', () => {
    fc.assert(
      fc.property(history, (passes) => {
        const steps = passes.flatMap(({ now, decision }) =>
          [...decision.actions.keys()].map((namespace) => ({ now, namespace })),
        );
        const carriedOut = (at: number, namespace: string) =>
          !passes.some(({ facts }) =>
            facts.get(namespace)?.before?.steps.some((step) => step.at === at && step.end === 'cancelled'),
          );
        for (const { now } of steps) {
          const within = steps.filter((step) => step.now <= now && now - step.now < HOUR_MS);
          const counted = within.filter((step) => carriedOut(step.now, step.namespace));
          expect(new Set(counted.map(({ namespace }) => namespace)).size).toBeLessThanOrEqual(CAP);
        }
      }),
    );
  });

  test('begins nothing until the backoff has passed after what was left alone', () => {
    fc.assert(
      fc.property(history, (passes) => {
        for (const { now, decision } of passes) {
          for (const namespace of decision.actions.keys()) {
            const alone = passes.filter(
              (each) =>
                each.now < now &&
                each.decision.healing.get(namespace)?.state === 'left-alone' &&
                isLeftAlone(each.facts.get(namespace)),
            );
            expect(now - (alone.at(-1)?.now ?? 0)).toBeGreaterThan(BACKOFF_MS);
          }
        }
      }),
    );
  });

  test('never bootstraps an FDD that works', () => {
    fc.assert(
      fc.property(history, (passes) => {
        for (const { decision, facts } of passes) {
          for (const [namespace, { means }] of decision.actions) {
            if (means === 'bootstrap') expect(facts.get(namespace)?.isAvailable).toBe(false);
          }
        }
      }),
    );
  });

  test('is stored and read again without a loss', () => {
    fc.assert(
      fc.property(history, (passes) => {
        const { decision } = passes.at(-1) as Pass;
        expect(HealingStatus.parse(JSON.parse(JSON.stringify(decision.status)))).toEqual(decision.status);
        for (const healing of decision.healing.values()) {
          expect(NamespaceHealing.parse(JSON.parse(JSON.stringify(healing)))).toEqual(healing);
        }
      }),
    );
  });
});

describe('a namespace that nothing helps', () => {
  test('is quarantined or left alone, whatever its rules are, and then nothing more is done', () => {
    const rules = fc.array(fc.constantFrom(...RULES), { minLength: 1, maxLength: 8 });
    const ends = fc.array(fc.constantFrom<End>('completed', 'failed', 'cancelled', 'superseded'), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(rules, ends, (everyRule, everyEnd) => {
        let before: NamespaceHealing | undefined;
        let now = NOW;
        let steps = 0;
        for (let index = 0; index < 5_000; index += 1) {
          now += BACKOFF_MS / 2;
          const rule = everyRule[index % everyRule.length] ?? 'drifted';
          const end = everyEnd[index % everyEnd.length];
          const known = followed(before, end, now);
          const facts = someFacts({ findings: [aFinding(rule)], ...(known && { before: known }) });
          const decision = decideHealing(aFleet({ a: facts }, { now }));
          before = decision.healing.get('a');
          steps += decision.actions.size;
          expect(steps).toBeLessThanOrEqual(10);
        }
        const isReportedOnly = before?.state === 'left-alone';
        expect(before?.state === 'quarantined' || isReportedOnly).toBe(true);
      }),
      { numRuns: 10 },
    );
  });

  test('is quarantined after few steps, also if it is well for some time after each of them', () => {
    const rule = fc.constantFrom(...RULES.filter((each) => LADDERS[each].some((means) => means !== 'wait')));
    const end = fc.constantFrom<End>('completed', 'failed');
    const minutesWell = fc.array(fc.integer({ min: 2, max: 110 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(rule, end, minutesWell, (sickWith, everyEnd, times) => {
        const settings = { healsScaledDown: true };
        const sick = { findings: [aFinding(sickWith)] };
        let patient = WELL;
        for (let steps = 0; patient.healing?.state !== 'quarantined'; steps += 1) {
          expect(steps).toBeLessThanOrEqual(10);
          patient = endStep(untilStep(patient, sick, settings), everyEnd);
          if (patient.healing?.state === 'quarantined') break;
          const minutes = times[steps % times.length] ?? 2;
          for (let well = 0; well <= minutes; well += 1) patient = passOver(patient, 60_000, {}, settings);
        }
      }),
      { numRuns: 30 },
    );
  });
});
