import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PLAN_ACTIONS, type PlanAction } from '../../../../domain/deploy/plan-action.ts';
import { explainLine, type PlannedNamespace, summarizePlan } from '../../../../web/deploy/plan-summary.ts';
import { namespacesOf } from '../../../../web/deploy/scope.ts';

function targets(counts: Partial<Record<PlanAction, number>>): PlannedNamespace[] {
  return Object.entries(counts).flatMap(([action, count]) =>
    Array.from({ length: count }, (_, index) => ({
      namespace: `${action}-${index}`,
      action: action as PlanAction,
      reason: `${action} because`,
    })),
  );
}

const OLD = '20190215094822-2ace0ea';
const NEW = '20220808113256-eef68a8';
const runs = (namespace: string) => ({
  version: namespace.startsWith('bootstrap') ? '' : OLD,
  isHelmManaged: namespace.startsWith('helm'),
});

describe('summarizePlan', () => {
  test('reports how many namespaces restart FDD, and their share of the fleet', () => {
    const summary = summarizePlan(targets({ update: 312 }), 340, runs);

    expect(summary.blastRadius).toBe('This restarts FDD in 312 of 340 namespaces, 92 % of the fleet.');
    expect(summary.isLarge).toBe(true);
  });

  test.each<[Partial<Record<PlanAction, number>>, number, string]>([
    [{ unchanged: 5, refuse: 1 }, 6, 'Nothing will change.'],
    [{ bootstrap: 1 }, 1, 'This starts FDD in 1 namespace.'],
    [{ bootstrap: 2 }, 50, 'This starts FDD in 2 of 50 namespaces, 4 % of the fleet.'],
    [
      { update: 3, bootstrap: 2 },
      50,
      'This restarts FDD in 3 of 50 namespaces, 6 % of the fleet, and starts it in 2 more.',
    ],
  ])('%j of %d: %s', (counts, fleetSize, sentence) => {
    expect(summarizePlan(targets(counts), fleetSize, runs).blastRadius).toBe(sentence);
  });

  test.each<[string, Partial<Record<PlanAction, number>>, number, boolean]>([
    ['100 of a large fleet', { update: 100 }, 10_000, true],
    ['99 of a large fleet', { update: 99 }, 10_000, false],
    ['half of a fleet', { update: 10 }, 20, true],
    ['less than half of a fleet', { update: 10 }, 21, false],
    ['all of a tiny fleet', { update: 9 }, 9, false],
    ['a plan without writes', { verify: 500, unchanged: 500 }, 1_000, false],
  ])('decides whether %s is large', (_what, counts, fleetSize, isLarge) => {
    expect(summarizePlan(targets(counts), fleetSize, runs).isLarge).toBe(isLarge);
  });

  test('lists every reason for a refusal, most frequent first', () => {
    const refused = ['helm', 'yaml', 'helm'].map((reason, index) => ({
      namespace: `n${index}`,
      action: 'refuse' as const,
      reason,
    }));

    expect(summarizePlan(refused, 3, runs).lines).toEqual([
      expect.objectContaining({
        action: 'refuse',
        count: 3,
        reasons: [
          { reason: 'helm', count: 2 },
          { reason: 'yaml', count: 1 },
        ],
      }),
    ]);
  });

  test.each([
    ['refuse', ['helm'], false, 'helm'],
    ['refuse', ['helm', 'yaml'], false, 'helm; and another reason'],
    ['refuse', ['helm', 'yaml', 'channel'], true, 'helm; and 2 other reasons'],
    ['update', ['image is A'], false, 'what it means'],
    ['update', ['image is A'], true, 'image is A'],
    ['update', ['image is A', 'image is B'], true, 'what it means'],
  ] as const)('explains %s for %j, as the only line: %s', (action, reasons, isOnlyLine, explanation) => {
    const counted = reasons.map((reason) => ({ reason, count: 1 }));

    expect(explainLine({ action, meaning: 'what it means', reasons: counted }, isOnlyLine)).toBe(explanation);
  });

  test('shows each namespace with its versions', () => {
    const planned = [
      { namespace: 'a', action: 'update', reason: 'x', version: NEW },
      { namespace: 'bootstrap-b', action: 'bootstrap', reason: 'x', version: NEW },
      { namespace: 'c', action: 'refuse', reason: 'x', version: NEW },
      { namespace: 'd', action: 'redeploy', reason: 'x', version: OLD },
    ];

    const { changes } = summarizePlan(planned, 4, runs);

    expect(changes.map(({ namespace, word, versions }) => `${namespace} ${word} ${versions}`)).toEqual([
      `a update ${OLD} → ${NEW}`,
      `bootstrap-b bootstrap not deployed → ${NEW}`,
      `c refused ${OLD}`,
      `d redeploy ${OLD}`,
    ]);
  });

  test.each<
    [string, readonly (readonly [namespace: string, action: string, version?: string])[], string | undefined]
  >([
    [
      'nothing to write',
      [
        ['a', 'unchanged'],
        ['b', 'verify'],
        ['c', 'refuse'],
      ],
      'Check again',
    ],
    ['only refusals', [['a', 'refuse']], undefined],
    [
      'the same release',
      [
        ['a', 'redeploy', OLD],
        ['b', 'update', OLD],
        ['c', 'unchanged'],
      ],
      'Restart 2',
    ],
    [
      'another release',
      [
        ['a', 'update', NEW],
        ['b', 'update', OLD],
      ],
      'Update 2',
    ],
    [
      'running FDDs',
      [
        ['a', 'bootstrap', NEW],
        ['b', 'bootstrap', NEW],
      ],
      'Bootstrap 2 again',
    ],
    ['an FDD that does not run', [['bootstrap-a', 'bootstrap', NEW]], 'Bootstrap 1'],
    [
      'a mixture',
      [
        ['bootstrap-a', 'bootstrap', NEW],
        ['b', 'update', NEW],
      ],
      'Deploy 2',
    ],
    ['Helm', [['helm-a', 'bootstrap', NEW]], 'Take over 1 from Helm'],
  ])('the button names its action: %s', (_what, planned, button) => {
    const targets = planned.map(([namespace, action, version]) => ({
      namespace,
      action,
      version,
      reason: '',
    }));

    expect(summarizePlan(targets, 10, runs).button).toBe(button);
  });

  test('has its own word for taking over FDD from Helm', () => {
    const planned = ['helm-a', 'b'].map((namespace) => ({ namespace, action: 'bootstrap', reason: '' }));

    const { lines, takeovers } = summarizePlan(planned, 2, runs);

    expect(takeovers).toEqual(['helm-a']);
    expect(lines.map(({ word, count }) => [word, count])).toEqual([
      ['takeover', 1],
      ['bootstrap', 1],
    ]);
  });

  test('counts every namespace once', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PLAN_ACTIONS)), (actions) => {
        const planned = actions.map((action, index) => ({ namespace: `n${index}`, action, reason: '' }));
        const { lines, touched, restarts } = summarizePlan(planned, actions.length, () => ({
          version: OLD,
          isHelmManaged: false,
        }));

        expect(lines.reduce((sum, { count }) => sum + count, 0)).toBe(actions.length);
        expect(restarts).toBe(touched);
        expect(touched).toBeLessThanOrEqual(actions.length);
      }),
    );
  });
});

describe('namespacesOf', () => {
  const source = {
    checked: new Set(['z', 'a']),
    selected: ['a', 'b'],
    members: (cause: string) => (cause === 'quota' ? ['b'] : []),
  };

  test.each([
    [{ kind: 'one', namespace: 'x' }, ['x']],
    [{ kind: 'checked' }, ['a', 'z']],
    [{ kind: 'group', cause: 'quota' }, ['b']],
    [{ kind: 'filtered' }, ['a', 'b']],
    [{ kind: 'all' }, undefined],
  ] as const)('%j means %j', (scope, expected) => {
    expect(namespacesOf(scope, source)).toEqual(expected);
  });
});
