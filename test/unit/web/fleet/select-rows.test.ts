import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { STATUSES } from '../../../../domain/cluster/status.ts';
import type { FleetRow } from '../../../../domain/fleet/fleet-row.ts';
import { HEALTHS } from '../../../../domain/fleet/fleet-row.ts';
import { selectRows } from '../../../../web/fleet/select-rows.ts';
import { EVERYTHING, NONE, type Selection, SORT_KEYS } from '../../../../web/fleet/selection.ts';
import { aFleetRow } from '../../../support/builders.ts';

const names = (rows: readonly FleetRow[], selection: Partial<Selection>) =>
  selectRows(rows, { ...EVERYTHING, ...selection }).rows.map((row) => row.namespace);

const FLEET = [
  aFleetRow({ namespace: 'a', version: '2', since: 300 }),
  aFleetRow({
    namespace: 'b',
    health: 'degraded',
    status: 'FAILED',
    version: '1',
    cause: 'pods "x" is forbidden: exceeded quota: Pods',
    causeGroup: 'exceeded quota',
    since: 100,
    rollout: 'r1',
  }),
  aFleetRow({
    namespace: 'c',
    health: 'progressing',
    status: 'NOT_FOUND',
    version: '',
    channel: 'latest',
    since: 200,
  }),
  aFleetRow({ namespace: 'd', health: 'degraded', status: 'CONFIG_ERROR', channel: '', version: '1' }),
];

describe('selectRows', () => {
  test.each<[string, Partial<Selection>, string[]]>([
    ['everything, degraded first', {}, ['b', 'd', 'c', 'a']],
    ['a health', { health: ['progressing'] }, ['c']],
    ['several healths', { health: ['progressing', 'healthy'] }, ['c', 'a']],
    ['a status', { status: 'CONFIG_ERROR' }, ['d']],
    ['a channel', { channel: 'latest' }, ['c']],
    ['no channel', { channel: NONE }, ['d']],
    ['a version', { version: '1' }, ['b', 'd']],
    ['namespaces without an FDD', { version: NONE }, ['c']],
    ['a cause', { cause: 'exceeded quota' }, ['b']],
    ['a rollout', { rollout: 'r1' }, ['b']],
    ['words of the cause, in any order and case', { search: ' QUOTA forbidden ' }, ['b']],
    ['part of a name', { search: 'D' }, ['b', 'd']],
    ['filters together', { version: '1', status: 'FAILED' }, ['b']],
    ['nothing', { search: 'nowhere' }, []],
    ['by name, descending', { sort: 'namespace', descending: true }, ['d', 'c', 'b', 'a']],
    ['by status', { sort: 'status' }, ['b', 'c', 'd', 'a']],
    ['by latest change, unknown last', { sort: 'since' }, ['a', 'c', 'b', 'd']],
    ['by version; equal ones stay by name', { sort: 'version' }, ['c', 'b', 'd', 'a']],
  ])('selects %s', (_what, selection, expected) => {
    expect(names(FLEET, selection)).toEqual(expected);
  });

  test('a facet counts the rows that each of its options would show', () => {
    const { facets } = selectRows(FLEET, { ...EVERYTHING, version: '1', status: 'FAILED' });

    expect(facets.status).toEqual([
      { value: 'FAILED', count: 1 },
      { value: 'CONFIG_ERROR', count: 1 },
    ]);
    expect(facets.version).toEqual([{ value: '1', count: 1 }]);
    expect(facets.channel).toEqual([{ value: 'stable', count: 1 }]);
  });

  const anyRow = fc
    .record({
      health: fc.constantFrom(...HEALTHS),
      status: fc.constantFrom(...STATUSES),
      channel: fc.constantFrom('', 'stable', 'latest'),
      version: fc.constantFrom('', '1', '2'),
      since: fc.option(fc.nat(), { nil: undefined }),
    })
    .map(aFleetRow);
  const anyFleet = fc
    .array(anyRow, { maxLength: 30 })
    .map((rows) => rows.map((row, index) => ({ ...row, namespace: `ns-${String(index).padStart(2, '0')}` })));
  const anySelection: fc.Arbitrary<Selection> = fc.record({
    search: fc.constantFrom('', 'ns-1', 'stable'),
    health: fc.subarray([...HEALTHS]),
    status: fc.constantFrom('' as const, ...STATUSES),
    channel: fc.constantFrom('', NONE, 'stable'),
    version: fc.constantFrom('', NONE, '1'),
    cause: fc.constant(''),
    rollout: fc.constant(''),
    sort: fc.constantFrom(...SORT_KEYS),
    descending: fc.boolean(),
    grouped: fc.boolean(),
  });

  test('an option shows as many rows as its count', () => {
    fc.assert(
      fc.property(anyFleet, anySelection, (fleet, selection) => {
        const { facets } = selectRows(fleet, selection);
        for (const facet of ['status', 'channel', 'version'] as const) {
          for (const { value, count } of facets[facet]) {
            expect(selectRows(fleet, { ...selection, [facet]: value }).rows).toHaveLength(count);
          }
        }
      }),
    );
  });

  test('sorting changes only the order, and does not modify its input', () => {
    fc.assert(
      fc.property(anyFleet, anySelection, (fleet, selection) => {
        const before = [...fleet];
        const sorted = names(fleet, selection);
        const unsorted = names(fleet, { ...selection, sort: 'attention', descending: false });

        expect([...sorted].sort()).toEqual([...unsorted].sort());
        expect(new Set(sorted).size).toBe(sorted.length);
        expect(fleet).toEqual(before);
      }),
    );
  });
});
