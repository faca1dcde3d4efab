import { describe, expect, test } from '@jest/globals';
import { splitNames } from '../../../../web/rollouts/command-dialog.tsx';
import {
  formatFilters,
  isFiltered,
  parseFilters,
  toRequest,
} from '../../../../web/rollouts/rollout-filters.ts';
import {
  formatTargetSelection,
  pagesOf,
  parseTargetSelection,
  totalOf,
} from '../../../../web/rollouts/target-selection.ts';
import { someCounts } from '../../../support/rollout-builders.ts';

describe('the filters of the list', () => {
  test.each([
    '',
    '?state=paused',
    '?state=failed&trigger=release&requestedBy=10.0.0.1',
    '?trigger=cli&before=r1',
  ])('are the same after a round trip: %j', (query) => {
    expect(formatFilters(parseFilters(new URLSearchParams(query)))).toBe(query);
  });

  test('ignore what is unknown', () => {
    const filters = parseFilters(new URLSearchParams('state=exploded&trigger=x&requestedBy=%20'));

    expect(isFiltered(filters)).toBe(false);
    expect(toRequest(filters)).toEqual({ limit: 50 });
  });
});

describe('the page of targets', () => {
  test.each(['', '?state=failed', '?state=pending&page=3', '?page=2'])(
    'is the same after a round trip: %j',
    (query) => {
      expect(formatTargetSelection(parseTargetSelection(new URLSearchParams(query)))).toBe(query);
    },
  );

  test.each(['?page=0', '?page=-1', '?page=x', '?page=1.5', '?state=exploded'])('ignores %j', (query) => {
    expect(parseTargetSelection(new URLSearchParams(query))).toEqual({ state: '', page: 1 });
  });

  test('counts a hundred to a page', () => {
    const counts = someCounts({ pending: 9_900, failed: 101 });

    expect(pagesOf(totalOf(counts, ''))).toBe(101);
    expect(pagesOf(totalOf(counts, 'failed'))).toBe(2);
    expect(pagesOf(totalOf(counts, 'running'))).toBe(1);
  });
});

test('names are separated by spaces, commas and lines, each once', () => {
  expect(splitNames(' a, b\nc  a,')).toEqual(['a', 'b', 'c']);
});
