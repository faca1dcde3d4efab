import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { applyRows, fromDocument, rowsOf } from '../../../client/fleet-rows.ts';
import type { RowsEvent } from '../../../domain/fleet/fleet-feed.ts';
import { aFleetRow } from '../../support/builders.ts';

const event = (position: string, rows: RowsEvent['rows'], gone: readonly string[] = []): RowsEvent => ({
  position,
  rows,
  gone,
});

describe('the state of the fleet', () => {
  test('is ordered by name, for any events', () => {
    const state = fromDocument({
      position: 'e.1',
      rows: [aFleetRow({ namespace: 'b' }), aFleetRow({ namespace: 'a' })],
    });

    const next = applyRows(state, [event('e.2', [aFleetRow({ namespace: 'aa' })]), event('e.3', [], ['b'])]);

    expect(rowsOf(state).map((row) => row.namespace)).toEqual(['a', 'b']);
    expect(rowsOf(next).map((row) => row.namespace)).toEqual(['a', 'aa']);
    expect(next.position).toBe('e.3');
  });

  test('keeps unchanged rows', () => {
    const state = fromDocument({
      position: 'e.1',
      rows: [aFleetRow({ namespace: 'a' }), aFleetRow({ namespace: 'b' })],
    });

    const next = applyRows(state, [event('e.2', [aFleetRow({ namespace: 'a', health: 'progressing' })])]);

    expect(next.rows.get('b')).toBe(state.rows.get('b'));
    expect(next.names).toBe(state.names);
    expect(state.rows.get('a')?.health).toBe('healthy');
  });

  const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const anyEvent = fc
    .record({ rows: fc.uniqueArray(name), gone: fc.uniqueArray(name) })
    .map(({ rows, gone }) =>
      event(
        'e.9',
        rows.map((namespace) => aFleetRow({ namespace })),
        gone,
      ),
    );

  test('is the same, whether changes arrive together or one by one', () => {
    fc.assert(
      fc.property(fc.uniqueArray(name), fc.array(anyEvent), (names, events) => {
        const start = fromDocument({
          position: 'e.1',
          rows: names.map((namespace) => aFleetRow({ namespace })),
        });
        const together = applyRows(start, events);
        const oneByOne = events.reduce((state, each) => applyRows(state, [each]), start);

        expect(rowsOf(together)).toEqual(rowsOf(oneByOne));
        expect([...together.names]).toEqual([...together.rows.keys()].sort());
      }),
    );
  });
});
