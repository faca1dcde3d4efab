import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { STATUSES } from '../../../domain/cluster/status.ts';
import { ACTIVITIES, HEALTHS } from '../../../domain/fleet/fleet-row.ts';
import { WORST_FIRST } from '../../../domain/heal/list-healing.ts';
import { ATTEMPT_ENDS } from '../../../domain/rollout/attempt.ts';
import { OUTCOMES, TARGET_STATES, TRIGGERS } from '../../../domain/rollout/rollout.ts';
import { codesIn, ROOT, tableBelow } from './tables.ts';

const PAGE = 'docs/statuses.md';

describe('docs/statuses.md', () => {
  test.each([
    ['Status', '| status | meaning |', STATUSES],
    ['Health', '| health | meaning |', HEALTHS],
    ['Activity', '| activity | Skipper … |', ACTIVITIES],
    ['State of healing', '| state | meaning |', WORST_FIRST],
    ['State of a rollout and its targets', '| state | meaning |', TARGET_STATES],
  ] as const)('%s: lists every value', (heading, head, values) => {
    const listed = tableBelow(PAGE, heading, head).flatMap(([value]) => codesIn(value));

    expect(listed.sort()).toEqual([...values].sort());
  });

  test('names every outcome', () => {
    expect(codesIn(readFileSync(`${ROOT}${PAGE}`, 'utf8'))).toEqual(expect.arrayContaining([...OUTCOMES]));
  });
});

describe('docs/glossary.md', () => {
  test('is sorted, and lists all values of the enumerated terms', () => {
    const text = readFileSync(`${ROOT}docs/glossary.md`, 'utf8');
    const words = [...text.matchAll(/^\| ([\w -]+) \|/gm)].map(([, word = '']) => word.toLowerCase());
    const [, , ...sorted] = words;

    expect(words[0]).toBe('word');
    expect(sorted).toEqual([...sorted].sort());
    expect(codesIn(text)).toEqual(
      expect.arrayContaining([...TRIGGERS, ...ATTEMPT_ENDS, ...OUTCOMES, ...HEALTHS]),
    );
  });
});
