import { describe, expect, test } from '@jest/globals';
import { HEAL_MODES } from '../../../domain/heal/healing.ts';
import { LADDERS } from '../../../domain/heal/ladder.ts';
import { RULES, type Rule } from '../../../domain/heal/rule.ts';
import { codesIn, tableBelow } from './tables.ts';

const PAGE = 'docs/healing.md';

describe('docs/healing.md', () => {
  test('explains the modes', () => {
    const listed = tableBelow(PAGE, 'Modes', '| `--heal` | what happens |').map(([mode]) => codesIn(mode)[0]);

    expect(listed).toEqual([...HEAL_MODES]);
  });

  test('explains every rule, causes before effects', () => {
    const listed = tableBelow(PAGE, 'Rules', '| Rule | It holds if | Since |').map(
      ([rule]) => codesIn(rule)[0],
    );

    expect(listed).toEqual([...RULES]);
  });

  test('has the ladder of every rule', () => {
    const rows = tableBelow(PAGE, 'Repairs', '| Rule | Means, one after the other | Then |');
    const listed = rows.flatMap(([rules, means = '']) =>
      codesIn(rules).map((rule) => [rule, means] as const),
    );

    expect(listed.map(([rule]) => rule).sort()).toEqual([...RULES].sort());
    for (const [rule, means] of listed) {
      const ladder = LADDERS[rule as Rule];
      const isRepaired = ladder.some((each) => each !== 'wait');
      expect([rule, means]).toEqual([
        rule,
        expect.stringMatching(
          isRepaired ? new RegExp(`^${ladder.join(', ')}(?!, (wait|restart|deploy|bootstrap))`) : /^none/,
        ),
      ]);
    }
  });
});
