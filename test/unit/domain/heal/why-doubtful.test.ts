import { expect, test } from '@jest/globals';
import type { NamespaceHealing } from '../../../../domain/heal/healing.ts';
import type { Rule } from '../../../../domain/heal/rule.ts';
import { whyDoubtful } from '../../../../domain/heal/why-doubtful.ts';
import { aFinding, NOW } from '../../../support/healing-builders.ts';

const unbegun = { application: 'shop', deploymentId: '7', since: NOW - 1_000, count: 1 };
const seen = { isKnown: true, unbegun };

function repaired(rule: Rule): NamespaceHealing {
  const steps = [
    { at: NOW - 60_000, means: 'restart', rule, endedAt: NOW - 30_000, end: 'completed' },
  ] as const;
  return { state: 'recovering', reason: '', findings: [], since: NOW - 90_000, steps };
}

test.each([
  [
    'an FDD that was deaf and has not begun something',
    repaired('deaf'),
    seen,
    'deployment id 7 of Application shop',
  ],
  [
    'an FDD that was deaf, and nobody can see',
    repaired('deaf'),
    { ...seen, isKnown: false },
    'not known now',
  ],
])('in doubt: %s', (_what, before, hearing, why) => {
  expect(whyDoubtful({ findings: [], before }, hearing)).toContain(why);
});

test.each([
  ['it has begun everything', repaired('deaf'), { ...seen, unbegun: undefined }],
  ['it was never deaf', repaired('crash-loop'), seen],
  ['nobody checks', repaired('deaf'), undefined],
  ['it was well before', undefined, seen],
])('not in doubt: %s', (_what, before, hearing) => {
  expect(whyDoubtful({ findings: [], before }, hearing)).toBeUndefined();
});

test('an FDD that is deaf again is not in doubt', () => {
  expect(whyDoubtful({ findings: [aFinding('deaf')], before: repaired('deaf') }, seen)).toBeUndefined();
});
