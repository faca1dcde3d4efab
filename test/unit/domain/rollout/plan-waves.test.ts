import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Candidate, planWaves } from '../../../../domain/rollout/plan-waves.ts';
import { Strategy } from '../../../../domain/rollout/strategy.ts';

function progressive(fields: object): Strategy {
  return Strategy.parse({ type: 'Progressive', ...fields });
}

function wavesOf(candidates: readonly Candidate[], strategy: Strategy): string[][] {
  const { strategy: resolved, targets } = planWaves(candidates, strategy);
  return resolved.waves.map((_wave, index) =>
    targets.filter(({ wave }) => wave === index).map(({ namespace }) => namespace),
  );
}

const FIVE = ['team-a', 'team-b', 'team-c', 'team-d', 'team-e'].map((namespace) => ({ namespace }));
/** By the hash of their names. */
const [FIRST = '', SECOND = '', THIRD = '', FOURTH = '', FIFTH = ''] = wavesOf(FIVE, { type: 'All' }).flat();

describe('planWaves', () => {
  test('orders by the hash of the name, so that neighbours by name are not neighbours in order', () => {
    expect([FIRST, SECOND, THIRD, FOURTH, FIFTH]).toEqual(['team-e', 'team-a', 'team-d', 'team-b', 'team-c']);
  });

  test.each<[string, readonly Candidate[], object, string[][]]>([
    ['the first in order is the canary', FIVE, {}, [[FIRST], [SECOND], [THIRD, FOURTH, FIFTH]]],
    [
      'an owner offers a canary',
      FIVE.map((each) => (each.namespace === FIFTH ? { ...each, isCanary: true } : each)),
      {},
      [[FIFTH], [FIRST], [SECOND, THIRD, FOURTH]],
    ],
    [
      'more are offered than the strategy wants',
      FIVE.map((each) => ({ ...each, isCanary: true })),
      {},
      [[FIRST], [SECOND], [THIRD, FOURTH, FIFTH]],
    ],
    [
      'the strategy names canaries, whatever their priority',
      FIVE.map((each) => (each.namespace === FIRST ? { ...each, priority: 9, isCanary: true } : each)),
      { canary: { names: [FIFTH, FOURTH, 'gone'] } },
      [
        [FOURTH, FIFTH],
        [FIRST, SECOND, THIRD],
      ],
    ],
    [
      'the strategy selects canaries by labels, all of them',
      [
        { namespace: 'a', labels: { tier: 'canary', zone: '1' } },
        { namespace: 'b', labels: { tier: 'canary' } },
        { namespace: 'c', labels: { zone: '1' } },
        { namespace: 'd' },
      ],
      { canary: { selector: { tier: 'canary', zone: '1' } }, waves: ['100%'] },
      [['a'], expect.arrayContaining(['b', 'c', 'd']) as unknown as string[]],
    ],
    [
      'the names match nothing: the first in order is the canary',
      FIVE,
      { canary: { names: ['gone'] }, waves: ['100%'] },
      [[FIRST], [SECOND, THIRD, FOURTH, FIFTH]],
    ],
    [
      'higher priorities go first',
      FIVE.map((each) => ({
        ...each,
        priority: each.namespace === FOURTH ? 5 : each.namespace === FIRST ? -1 : 0,
      })),
      { canary: 0, waves: [1, 4] },
      [[FOURTH], [SECOND, THIRD, FIFTH], [FIRST]],
    ],
    [
      'a namespace is given twice',
      [...FIVE, ...FIVE],
      { canary: 0, waves: ['100%'] },
      [[FIRST, SECOND, THIRD, FOURTH, FIFTH]],
    ],
    ['no candidates', [], {}, []],
  ])('assigns waves: %s', (_what, candidates, fields, expected) => {
    expect(wavesOf(candidates, progressive(fields))).toEqual(expected);
  });

  test('says why', () => {
    const candidates = [
      { namespace: 'a' },
      { namespace: 'b', isCanary: true },
      { namespace: 'c', labels: { x: 'y' } },
    ];
    const because = (fields: object) => planWaves(candidates, progressive(fields)).targets[0]?.because;

    expect(because({ canary: 1 })).toBe('wave 1 of 2, canary: its annotation offers it');
    expect(because({ canary: { names: ['a'] } })).toBe('wave 1 of 2, canary: the strategy names it');
    expect(because({ canary: { selector: { x: 'y' } } })).toBe(
      'wave 1 of 2, canary: its labels match the selector',
    );
    expect(because({ canary: 0, waves: ['100%'] })).toBe('wave 1 of 1');
    expect(planWaves([{ namespace: 'a' }], progressive({})).targets[0]?.because).toBe(
      'wave 1 of 1, canary: it is first in order',
    );
  });

  test('does not depend on the order of the candidates, and forgets none', () => {
    const candidate = fc.record(
      {
        namespace: fc.string({ minLength: 1, maxLength: 4 }),
        priority: fc.integer({ min: -2, max: 2 }),
        isCanary: fc.boolean(),
      },
      { requiredKeys: ['namespace'] },
    );
    const candidates = fc.uniqueArray(candidate, { selector: ({ namespace }) => namespace, maxLength: 40 });
    fc.assert(
      fc.property(candidates, fc.nat(3), fc.nat(), (some, canary, turn) => {
        const turned = some
          .map((_each, index) => some[(index + turn) % some.length])
          .flatMap((each) => (each ? [each] : []));
        const plan = planWaves(some, progressive({ canary }));

        expect(planWaves(turned, progressive({ canary }))).toEqual(plan);
        expect(plan.targets.map(({ namespace }) => namespace).sort()).toEqual(
          some.map(({ namespace }) => namespace).sort(),
        );
        expect(plan.targets.map(({ order }) => order)).toEqual(some.map((_each, index) => index));
      }),
    );
  });
});
