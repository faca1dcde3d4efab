import { describe, expect, test } from '@jest/globals';
import { HEALING_STATES, type NamespaceHealing } from '../../../../domain/heal/healing.ts';
import { countStates, listHealing, parseCursor, WORST_FIRST } from '../../../../domain/heal/list-healing.ts';
import { aFinding, aHealing } from '../../../support/healing-builders.ts';

const STORED = new Map<string, NamespaceHealing>([
  ['team-b', aHealing({ state: 'watching' })],
  ['team-a', aHealing({ state: 'watching', findings: [aFinding('deaf'), aFinding('oom')] })],
  ['team-d', aHealing({ state: 'quarantined' })],
  ['team-c', aHealing({ state: 'healing' })],
]);

function namesOf({ namespaces }: ReturnType<typeof listHealing>): string[] {
  return namespaces.map(({ namespace }) => namespace);
}

describe('the list of namespaces that are not well', () => {
  test('has the worst state first, then goes by name', () => {
    expect(namesOf(listHealing(STORED, {}, { limit: 10 }))).toEqual(['team-d', 'team-c', 'team-a', 'team-b']);
    expect([...WORST_FIRST].sort()).toEqual([...HEALING_STATES].sort());
  });

  test('has only what fits all filters', () => {
    expect(namesOf(listHealing(STORED, { state: 'watching' }, { limit: 10 }))).toEqual(['team-a', 'team-b']);
    expect(namesOf(listHealing(STORED, { rule: 'oom' }, { limit: 10 }))).toEqual(['team-a']);
    expect(namesOf(listHealing(STORED, { namespace: '-c' }, { limit: 10 }))).toEqual(['team-c']);
    expect(listHealing(STORED, { rule: 'oom', state: 'healing' }, { limit: 10 })).toEqual({
      namespaces: [],
      total: 0,
    });
  });

  test('has pages that neither repeat nor miss a namespace', () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = listHealing(STORED, {}, { limit: 1, cursor });
      expect(page.total).toBe(4);
      seen.push(...namesOf(page));
      cursor = page.next;
    } while (cursor !== undefined);
    expect(seen).toEqual(['team-d', 'team-c', 'team-a', 'team-b']);
  });

  test('continues after a namespace that is well again', () => {
    expect(namesOf(listHealing(STORED, {}, { limit: 9, cursor: 'healing/team-b' }))).toEqual([
      'team-c',
      'team-a',
      'team-b',
    ]);
  });

  test('counts the states', () => {
    expect(countStates(STORED)).toEqual({ watching: 2, quarantined: 1, healing: 1 });
  });

  test.each(['', 'quarantined', 'sleeping/team-a'])('%p is not a cursor', (cursor) => {
    expect(parseCursor(cursor)).toBeUndefined();
  });
});
