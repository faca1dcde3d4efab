import { describe, expect, test } from '@jest/globals';
import { namesBetween, withNames } from '../../../../web/fleet/check-range.ts';
import { type Item, listFleet, refreshItems } from '../../../../web/fleet/fleet-list.ts';
import { EVERYTHING } from '../../../../web/fleet/selection.ts';
import { aFleetRow } from '../../../support/builders.ts';

const quota = (namespace: string) =>
  aFleetRow({ namespace, health: 'degraded', cause: `quota of ${namespace}`, causeGroup: 'quota' });
const FLEET = [
  aFleetRow({ namespace: 'a' }),
  quota('b'),
  aFleetRow({ namespace: 'c', health: 'progressing', cause: 'API down', causeGroup: 'API down' }),
  quota('d'),
  aFleetRow({ namespace: 'e', health: 'progressing', cause: 'API down', causeGroup: 'API down' }),
  aFleetRow({ namespace: 'f', health: 'progressing', cause: 'API down', causeGroup: 'API down' }),
];
const GROUPED = { ...EVERYTHING, grouped: true };

const lines = (items: readonly Item[]) =>
  items.map((item) => (item.kind === 'row' ? item.row.namespace : `${item.size} ${item.group.cause}`));

describe('listFleet', () => {
  test('lists rows', () => {
    const list = listFleet(FLEET, EVERYTHING);

    expect(lines(list.items)).toEqual(['b', 'd', 'c', 'e', 'f', 'a']);
    expect(list.namespaces).toEqual(['b', 'd', 'c', 'e', 'f', 'a']);
  });

  test('groups by cause: worst first, then largest, those without a cause last', () => {
    const list = listFleet(FLEET, GROUPED);

    expect(lines(list.items)).toEqual(['2 quota', '3 API down', '1 ']);
    expect(list.groups[0]).toEqual({ cause: 'quota', health: 'degraded', namespaces: ['b', 'd'] });
    expect(list.namespaces).toHaveLength(6);
  });

  test('shows the rows of unfolded groups', () => {
    expect(lines(listFleet(FLEET, GROUPED, new Set(['quota'])).items)).toEqual([
      '2 quota',
      'b',
      'd',
      '3 API down',
      '1 ',
    ]);
  });

  test('groups only what is selected', () => {
    expect(lines(listFleet(FLEET, { ...GROUPED, health: ['progressing'] }).items)).toEqual(['3 API down']);
  });
});

describe('refreshItems', () => {
  test('keeps places, updates rows, drops deleted ones', () => {
    const { items } = listFleet(FLEET, EVERYTHING);
    const now = new Map(
      FLEET.filter(({ namespace }) => namespace !== 'd').map((row) => [row.namespace, row]),
    );
    const healthy = aFleetRow({ namespace: 'b' });
    now.set('b', healthy);

    const refreshed = refreshItems(items, (name) => now.get(name));

    expect(lines(refreshed)).toEqual(['b', 'c', 'e', 'f', 'a']);
    expect(refreshed[0]).toEqual({ kind: 'row', row: healthy });
    expect(refreshed[1]).toBe(items[2]);
  });
});

describe('a range of checks', () => {
  const { items } = listFleet(FLEET, GROUPED, new Set(['quota', 'API down']));

  test.each([
    ['b', 'e', ['b', 'd', 'c', 'e']],
    ['e', 'b', ['b', 'd', 'c', 'e']],
    ['c', 'c', ['c']],
    ['gone', 'c', ['c']],
    ['b', 'a', ['a']],
  ])('from %s to %s is %j, across groups', (from, to, expected) => {
    expect(namesBetween(items, from, to)).toEqual(expected);
  });

  test('is added or removed', () => {
    const some = new Set(['a', 'b']);

    expect([...withNames(some, ['b', 'c'], true)]).toEqual(['a', 'b', 'c']);
    expect([...withNames(some, ['b', 'c'], false)]).toEqual(['a']);
    expect([...some]).toEqual(['a', 'b']);
  });
});
