import { describe, expect, test } from '@jest/globals';
import { describeHealthRules } from '../../../../cli/why/describe-health-rules.ts';
import { QUARANTINE_ENDS } from '../../../../domain/heal/describe-healing.ts';
import type { HealingStatus, NamespaceHealing } from '../../../../domain/heal/healing.ts';
import { unknownRules, viewRules } from '../../../../domain/heal/view-rules.ts';
import { aFinding, aHealing, aPass, aStatus, MINUTE, NOW } from '../../../support/healing-builders.ts';

function linesOf(status: HealingStatus, healing?: NamespaceHealing): string[] {
  const view = viewRules(aPass({ status, healing }), NOW);
  return describeHealthRules(view, { now: NOW, forPeople: true }).map(([bullet, line]) => bullet + line);
}

describe('the health rules in text', () => {
  test('say that no rule holds', () => {
    expect(linesOf(aStatus())).toEqual(['  No rule holds. Checked 5s ago.']);
  });

  test('say what holds, what healing does, and what it did', () => {
    const healing = aHealing({
      state: 'waiting',
      reason: 'a restart did not help',
      nextAt: NOW + 2 * MINUTE,
      nextMeans: 'deploy',
      findings: [aFinding('wrong-image', { by: 'kubectl-edit', evidence: 'image is fdd:v1\nwanted fdd:v2' })],
      steps: [
        {
          at: NOW - 4 * MINUTE,
          means: 'restart',
          rule: 'wrong-image',
          rolloutId: 'R1',
          endedAt: NOW - MINUTE,
          result: 'it did not help',
        },
        { at: NOW - 1_000, means: 'deploy', rule: 'wrong-image' },
      ],
    });
    const lines = linesOf(aStatus({ isDeafKnown: false }), healing);

    expect(lines[0]).toBe('  1 rule holds: wrong-image. Checked 5s ago.');
    expect(lines[1]).toBe(
      '  - wrong-image: the Deployment of FDD differs from its Application, since 5m ago: image is fdd:v1 wanted fdd:v2 (caused by the field manager kubectl-edit)',
    );
    expect(lines[2]).toMatch(/^ {2}- deaf: unknown, the watches/);
    expect(lines[3]).toMatch(/^ {2}- ok: crd-missing, .*unavailable$/);
    expect(lines.slice(4)).toEqual([
      '  Waiting: a restart did not help. Due in 2m.',
      '  - 4m ago: restart FDD, for wrong-image: it did not help (rollout R1)',
      '  - 1s ago: deploy again with a new id, for wrong-image: under way',
    ]);
  });

  test('say what ends a quarantine', () => {
    const quarantine = {
      since: NOW - MINUTE,
      rule: 'oom',
      reason: 'nothing helped',
      evidence: 'e',
      cause: 'c',
    } as const;
    const lines = linesOf(aStatus(), aHealing({ state: 'quarantined', reason: '', quarantine }));

    expect(lines.slice(-3)).toEqual([
      '  Quarantined: everything was tried: it waits for a change or for a person.',
      '  In quarantine since 1m ago, because of oom: nothing helped: e',
      `  ${QUARANTINE_ENDS}`,
    ]);
  });

  test('say that nothing is done in the mode report, and that nothing is checked in the mode off', () => {
    expect(linesOf(aStatus({ mode: 'report' }))).toEqual([
      '  No rule holds. Checked 5s ago.',
      '  Healing only reports (--heal report): nothing is done.',
    ]);
    expect(linesOf(aStatus({ mode: 'off' }))).toEqual(['  Healing is off: no rule is checked.']);
  });

  test('are unknown once, not sixteen times; with timestamps in a pipe', () => {
    const clock = { now: NOW, forPeople: false };
    expect(describeHealthRules(unknownRules('Redis does not answer'), clock)).toEqual([
      ['  ', 'Unknown: Redis does not answer.'],
    ]);
    const view = viewRules(aPass({ status: aStatus({ checkedAt: NOW - MINUTE }), healing: undefined }), NOW);
    expect(describeHealthRules(view, clock)).toEqual([
      ['  ', 'No rule holds. Checked 2026-11-29T07:59:00.000Z.'],
    ]);
  });
});
