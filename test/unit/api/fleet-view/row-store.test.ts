import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createRowStore } from '../../../../api/fleet-view/row-store.ts';
import type { RowsEvent } from '../../../../domain/fleet/fleet-feed.ts';
import { aFleetRow } from '../../../support/builders.ts';

const named = (namespace: string, detail = '') => aFleetRow({ namespace, detail });

describe('a row store', () => {
  test('reports only rows that have changed', () => {
    const store = createRowStore('e');

    const first = store.update([named('b'), named('a')], []);
    const same = store.update([named('b'), named('a')], []);
    const second = store.update([named('b', 'applying'), named('a')], ['unknown']);

    expect(first).toMatchObject({
      position: 'e.1',
      rows: [{ namespace: 'b' }, { namespace: 'a' }],
      gone: [],
    });
    expect(same).toBeUndefined();
    expect(second).toEqual({ position: 'e.2', rows: [named('b', 'applying')], gone: [] });
    expect(store.all().map(({ namespace }) => namespace)).toEqual(['a', 'b']);
  });

  test('returns only the changes since a position', () => {
    const store = createRowStore('e');
    store.update([named('a'), named('b'), named('c')], []);
    store.update([named('b', 'applying')], []);
    store.update([], ['c']);

    expect(store.changesSince('e.1')).toEqual({
      position: 'e.3',
      rows: [named('b', 'applying')],
      gone: ['c'],
    });
    expect(store.changesSince('e.3')).toEqual({ position: 'e.3', rows: [], gone: [] });
  });

  test.each(['other.1', 'e.2', 'e.-1', 'e.x', 'e', '', 'e.1.1', 'e.99999999999999999999'])(
    'returns nothing for the unknown position %j',
    (position) => {
      const store = createRowStore('e');
      store.update([named('a')], []);

      expect(store.changesSince(position)).toBeUndefined();
    },
  );

  test('does not report a row as gone if it has come back', () => {
    const store = createRowStore('e');
    store.update([named('a')], []);
    store.update([], ['a']);
    store.update([named('a')], []);

    expect(store.changesSince('e.1')).toEqual({ position: 'e.3', rows: [named('a')], gone: [] });
  });

  test('requires a reset if deleted rows are no longer remembered', () => {
    const store = createRowStore('e');
    const names = Array.from({ length: 1_001 }, (_, index) => `team-${index}`);
    store.update(
      names.map((name) => named(name)),
      [],
    );
    for (const name of names) store.update([], [name]);

    expect(store.changesSince('e.1')).toBeUndefined();
    expect(store.changesSince('e.2')?.gone).toHaveLength(1_000);
  });

  test('brings a client that was disconnected at any moment up to date', () => {
    const change = fc.record({
      rows: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('', 'x', 'y')), {
        maxLength: 4,
      }),
      gone: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 2 }),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), fc.nat(), (changes, moment) => {
        const store = createRowStore('e');
        const known = new Map<string, unknown>();
        const take = (event: RowsEvent | undefined) => {
          for (const row of event?.rows ?? []) known.set(row.namespace, row);
          for (const namespace of event?.gone ?? []) known.delete(namespace);
        };
        const leaves = moment % (changes.length + 1);
        let position = store.position();
        changes.forEach(({ rows, gone }, index) => {
          const names = new Set(gone);
          const kept = rows.filter(([name]) => !names.has(name)).map(([name, detail]) => named(name, detail));
          const event = store.update(kept, gone);
          if (index >= leaves) return;
          take(event);
          position = store.position();
        });

        take(store.changesSince(position));

        expect(Object.fromEntries(known)).toEqual(
          Object.fromEntries(store.all().map((row) => [row.namespace, row])),
        );
      }),
    );
  });
});
