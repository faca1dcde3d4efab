import { describe, expect, test } from '@jest/globals';
import { explainNamespace, type WhyInput } from '../../../../domain/explain/explain-namespace.ts';
import type { HealMode, NamespaceHealing } from '../../../../domain/heal/healing.ts';
import type { HealthRules } from '../../../../domain/heal/healing-view.ts';
import { RULES, type Rule } from '../../../../domain/heal/rule.ts';
import { aSettledSnapshot } from '../../../support/builders.ts';
import { aRow } from '../../../support/details-builders.ts';

function healingOf(overrides: Partial<NamespaceHealing>): NamespaceHealing {
  return { state: 'waiting', reason: '', findings: [], since: 1, steps: [], ...overrides };
}

function view(mode: HealMode, healing: NamespaceHealing, by?: string): HealthRules {
  const rules = RULES.map((rule) => ({ rule, state: 'holds' as const, ...(by && { by }) }));
  return { mode, isStale: false, rules, healing };
}

function explain(
  rule: Rule | undefined,
  healing: HealthRules | undefined,
  overrides: Partial<WhyInput> = {},
) {
  return explainNamespace({
    row: aRow({ health: 'degraded', cause: `${rule}: seen`, rule }),
    snapshot: aSettledSnapshot(),
    attempts: [],
    bootstrap: undefined,
    channelProblem: undefined,
    healing,
    ...overrides,
  });
}

describe('a namespace that only a health rule shows to be broken', () => {
  test('has the rule in its headline, its evidence, and how to restart FDD', () => {
    expect(explain('deaf', undefined)).toMatchObject({
      health: 'degraded',
      headline: 'The health rule deaf holds: FDD is ready, but does not react to Applications.',
      because: ['deaf: seen'],
      remedy: [
        'Restart FDD: kubectl -n team-a delete pod -l app=fiaas-deploy-daemon',
        'Or deploy again: skipper deploy team-a',
      ],
    });
  });

  test.each(RULES)('%s has something to do', (rule) => {
    const { remedy } = explain(rule, undefined);

    expect(remedy.length).toBeGreaterThan(0);
    expect(remedy.join(' ')).toContain('team-a');
  });

  test.each<[string, HealMode, Partial<NamespaceHealing>, string]>([
    [
      'waits',
      'on',
      { nextMeans: 'restart' },
      'Nothing, if you can wait: if it lasts, healing will restart FDD.',
    ],
    [
      'begins again',
      'on',
      { state: 'watching', reason: 'released' },
      'Nothing, if you can wait: if it lasts, healing will repair it.',
    ],
    ['repairs', 'on', { state: 'healing' }, 'Nothing, if you can wait: healing is repairing it.'],
    [
      'leaves it alone',
      'on',
      { state: 'left-alone', reason: 'held by ann' },
      'Healing does not repair it now: held by ann.',
    ],
    [
      'only reports',
      'report',
      { nextMeans: 'restart' },
      'Healing only reports (--heal report); with --heal on it would restart FDD.',
    ],
  ])('says first that healing %s', (_what, mode, healing, line) => {
    expect(explain('deaf', view(mode, healingOf(healing))).remedy[0]).toBe(line);
  });
});

describe('a namespace in which a health rule held, and is not judged now', () => {
  test('says so, with what was seen last, and does not claim that it works', () => {
    const rules = [{ rule: 'deaf', state: 'unknown', evidence: 'no ApplicationStatus' }] as const;
    const cause = 'Unknown whether deaf still holds: no recent pass of healing is known';
    const row = aRow({ health: 'unknown', cause, rule: 'deaf' });

    expect(explain('deaf', { isStale: true, rules }, { row })).toMatchObject({
      health: 'unknown',
      headline:
        'The health rule deaf held when it was judged last: FDD is ready, but does not react to Applications. It is not judged now.',
      because: [cause, 'deaf, as it was seen last: no ApplicationStatus'],
      remedy: [
        'Find out why healing does not judge it: skipper heal status',
        'Restart FDD: kubectl -n team-a delete pod -l app=fiaas-deploy-daemon',
        'Or deploy again: skipper deploy team-a',
      ],
    });
  });
});

describe('a namespace in quarantine', () => {
  const parked = (rule: Rule, reason: string) =>
    healingOf({ state: 'quarantined', quarantine: { since: 1, rule, reason, evidence: 'seen', cause: '' } });

  test('that somebody keeps changing back names who, and nothing that would be changed back again', () => {
    const reason = 'alice keeps changing it back: drifted came back 3 times';
    const { headline, remedy } = explain(undefined, view('on', parked('drifted', reason), 'alice'));

    expect(headline).toBe(`Healing has given up here: ${reason}.`);
    expect(remedy).toEqual([
      expect.stringMatching(
        /^Find out who writes as alice, and stop it: kubectl -n team-a get .*managed-fields$/,
      ),
      'Once the cause is removed, release it from quarantine: skipper quarantine release team-a',
      'If the change is intended, keep releases away from it: skipper hold team-a',
    ]);
  });

  test('ends its advice with its release, whatever the reason is', () => {
    const healing = view('on', parked('deaf', 'it still does not work after: restart FDD'));
    const failed = aRow({ health: 'degraded', state: 'failed', code: 'fdd_cannot_run', cause: 'no' });
    const release = expect.stringContaining('skipper quarantine release team-a');

    expect(explain(undefined, healing).remedy.at(-1)).toEqual(release);
    expect(explain(undefined, healing, { row: failed }).remedy.at(-1)).toEqual(release);
    expect(explain(undefined, healing).remedy.filter((line) => line.includes('quarantine'))).toHaveLength(1);
  });
});
