import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { FleetRow } from '../../../../domain/fleet/fleet-row.ts';
import type { Item } from '../../../../web/fleet/fleet-list.ts';
import { lineHeight } from '../../../../web/fleet/line-height.ts';
import { aFleetRow } from '../../../support/builders.ts';

const line = (row: Partial<FleetRow>): Item => ({ kind: 'row', row: aFleetRow(row) });
const GROUP: Item = { kind: 'group', group: { cause: 'quota', health: 'degraded' }, size: 2 };

describe('lineHeight', () => {
  test('is the same for every line of a wide window', () => {
    const items = [line({}), line({ cause: 'quota' }), GROUP];

    expect(new Set(items.map((item) => lineHeight(item, false))).size).toBe(1);
  });

  test('leaves room on a card for an activity or a cause', () => {
    const plain = lineHeight(line({ activity: 'idle', cause: '' }), true);

    expect(lineHeight(line({ activity: 'idle', cause: 'quota' }), true)).toBeGreaterThan(plain);
    expect(lineHeight(line({ activity: 'queued', cause: '' }), true)).toBeGreaterThan(plain);
  });

  test.each([
    ['fleet-table.css', [lineHeight(line({}), false)]],
    [
      'fleet-narrow.css',
      [
        lineHeight(line({ activity: 'idle', cause: '' }), true),
        lineHeight(line({ cause: 'quota' }), true),
        lineHeight(GROUP, true),
      ],
    ],
  ])('matches %s', (file, heights) => {
    const css = readFileSync(new URL(`../../../../web/ui/styles/${file}`, import.meta.url), 'utf8');

    expect([...css.matchAll(/--line-height: (\d+)px/g)].map(([, px]) => Number(px))).toEqual(heights);
  });
});
