import { expect, test } from '@jest/globals';
import { findRemoved, REMOVED_MS } from '../../../../domain/notify/find-removed.ts';

const NOW = 1_700_000_000_000;
const known = {
  configured: new Set(['here']),
  stored: ['here', 'elsewhere', 'gone', 'never-seen'],
  seen: new Map([
    ['here', 0],
    ['elsewhere', NOW - REMOVED_MS + 1],
    ['gone', NOW - REMOVED_MS],
  ]),
  since: NOW - REMOVED_MS,
  now: NOW,
};

test('finds what no worker has had in its file for long', () => {
  expect(findRemoved(known)).toEqual(['gone', 'never-seen']);
});

test('finds nothing soon after the start: the others can start later', () => {
  expect(findRemoved({ ...known, since: NOW - REMOVED_MS + 1 })).toEqual([]);
});
