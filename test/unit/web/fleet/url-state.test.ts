import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { STATUSES } from '../../../../domain/cluster/status.ts';
import { HEALTHS } from '../../../../domain/fleet/fleet-row.ts';
import {
  EVERYTHING,
  isFiltered,
  nextSort,
  type Selection,
  SORT_KEYS,
  toggleHealth,
  withoutFilters,
} from '../../../../web/fleet/selection.ts';
import { formatSelection, parseSelection } from '../../../../web/fleet/url-state.ts';

const anySelection: fc.Arbitrary<Selection> = fc.record({
  search: fc.string(),
  health: fc.subarray([...HEALTHS]),
  status: fc.constantFrom('' as const, ...STATUSES),
  channel: fc.string(),
  version: fc.string(),
  cause: fc.string({ unit: 'grapheme' }),
  rollout: fc.string(),
  sort: fc.constantFrom(...SORT_KEYS),
  descending: fc.boolean(),
  grouped: fc.boolean(),
});

const read = (query: string) => parseSelection(new URLSearchParams(query));

describe('a selection in the URL', () => {
  test('survives a round trip', () => {
    fc.assert(
      fc.property(anySelection, (selection) => {
        expect(read(formatSelection(selection))).toEqual(selection);
      }),
    );
  });

  test('needs no query for the default', () => {
    expect(formatSelection(EVERYTHING)).toBe('');
    expect(read('')).toEqual(EVERYTHING);
  });

  test('is short and readable', () => {
    const selection: Selection = {
      ...EVERYTHING,
      search: 'quota',
      health: ['degraded', 'progressing'],
      sort: 'since',
      descending: true,
      grouped: true,
    };

    expect(formatSelection(selection)).toBe(
      '?q=quota&health=degraded&health=progressing&sort=-since&group=cause',
    );
  });

  test('is read from a submitted form, including empty fields', () => {
    expect(read('q=&status=&channel=stable&version=&sort=attention&group=cause')).toEqual({
      ...EVERYTHING,
      channel: 'stable',
      grouped: true,
    });
  });

  test.each(['health=unwell', 'status=GREEN', 'sort=-length', 'group=colour', 'sort='])(
    'ignores unknown values: %s',
    (query) => {
      expect(read(query)).toEqual(EVERYTHING);
    },
  );
});

describe('a selection', () => {
  test('counts as filtered by anything but order and grouping', () => {
    expect(isFiltered({ ...EVERYTHING, sort: 'since', descending: true, grouped: true })).toBe(false);
    expect(isFiltered({ ...EVERYTHING, search: '  ' })).toBe(false);
    expect(isFiltered({ ...EVERYTHING, search: 'a' })).toBe(true);
    expect(isFiltered({ ...EVERYTHING, health: ['progressing'] })).toBe(true);
    expect(isFiltered({ ...EVERYTHING, rollout: 'r' })).toBe(true);
  });

  test('without its filters is not filtered, and keeps its order', () => {
    fc.assert(
      fc.property(anySelection, (selection) => {
        const { sort, descending, grouped } = selection;
        expect(isFiltered(withoutFilters(selection))).toBe(false);
        expect(withoutFilters(selection)).toMatchObject({ sort, descending, grouped });
      }),
    );
  });

  test('toggles one health, and toggling twice restores it', () => {
    fc.assert(
      fc.property(anySelection, fc.constantFrom(...HEALTHS), (selection, health) => {
        const once = toggleHealth(selection, health);
        expect(once.health.includes(health)).toBe(!selection.health.includes(health));
        expect(toggleHealth(once, health)).toEqual(selection);
      }),
    );
  });

  test('sorts ascending, descending, then by default', () => {
    const up = nextSort(EVERYTHING, 'namespace');
    const down = nextSort(up, 'namespace');

    expect(up).toMatchObject({ sort: 'namespace', descending: false });
    expect(down).toMatchObject({ sort: 'namespace', descending: true });
    expect(nextSort(down, 'namespace')).toEqual(EVERYTHING);
  });
});
