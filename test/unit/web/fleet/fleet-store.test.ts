import { describe, expect, test } from '@jest/globals';
import type { FleetRow } from '../../../../domain/fleet/fleet-row.ts';
import { createFleetStore, type FleetStore, forgetGone } from '../../../../web/fleet/fleet-store.ts';
import { FIRST_LINES, firstPaint } from '../../../../web/fleet/page-state.ts';
import { EVERYTHING, type Selection } from '../../../../web/fleet/selection.ts';
import { aFleetRow, aFleetSummary } from '../../../support/builders.ts';

function rowsNamed(...names: string[]): FleetRow[] {
  return names.map((namespace) => aFleetRow({ namespace }));
}

function aPaint(rows: readonly FleetRow[], selection: Partial<Selection> = {}) {
  return firstPaint(
    rows,
    { ...EVERYTHING, ...selection },
    {
      now: 1_000,
      summary: aFleetSummary(rows),
      isRead: true,
      workerUrl: '/assets/feed-worker.js',
    },
  );
}

function open(rows: readonly FleetRow[], selection: Partial<Selection> = {}) {
  let scheduled = 0;
  const store = createFleetStore(aPaint(rows, selection), () => {
    scheduled += 1;
  });
  const takeAll = (all = rows) =>
    store.take({
      kind: 'document',
      document: { position: 'e.1', now: 1_000, summary: aFleetSummary(all), rows: all },
    });
  return { store, takeAll, scheduled: () => scheduled };
}

const shown = (store: FleetStore) =>
  store.list.value.items.map((item) => (item.kind === 'row' ? item.row.namespace : item.group.cause));

describe('the first paint', () => {
  const many = rowsNamed(
    ...Array.from({ length: 250 }, (_, index) => `ns-${String(index).padStart(3, '0')}`),
  );

  test('has the first lines and the total count', () => {
    const paint = aPaint(many);

    expect(paint.items).toHaveLength(FIRST_LINES);
    expect(paint).toMatchObject({ matched: 250, lines: 250 });
  });

  test('is the same on the server and, from JSON, in the browser', () => {
    const paint = aPaint(many, { search: 'ns-1' });
    const server = createFleetStore(paint);
    const browser = createFleetStore(JSON.parse(JSON.stringify(paint)));

    expect(JSON.stringify(browser.list.value)).toBe(JSON.stringify(server.list.value));
  });

  test('is replaced by the whole list without moving a line', () => {
    const { store, takeAll } = open(many);
    const first = shown(store);
    expect(store.isComplete.value).toBe(false);

    takeAll();

    expect(store.isComplete.value).toBe(true);
    expect(shown(store).slice(0, FIRST_LINES)).toEqual(first);
    expect(shown(store)).toHaveLength(250);
  });
});

describe('a fleet store', () => {
  test('collects a burst until it is flushed', () => {
    const { store, takeAll, scheduled } = open(rowsNamed('a', 'b'));
    takeAll();
    const before = store.list.value;
    for (const [index, namespace] of ['c', 'd', 'c'].entries()) {
      store.take({
        kind: 'rows',
        event: { position: `e.${index + 2}`, rows: rowsNamed(namespace), gone: [] },
      });
    }

    expect(store.list.value).toBe(before);
    expect(scheduled()).toBe(3);
    store.flush();
    expect(shown(store)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('does not apply changes of an earlier document to a new one', () => {
    const { store, takeAll } = open(rowsNamed('a'));
    takeAll();
    store.take({ kind: 'rows', event: { position: 'e.2', rows: rowsNamed('old'), gone: [] } });
    takeAll(rowsNamed('new'));

    store.flush();

    expect(shown(store)).toEqual(['new']);
  });

  test('moves no line while it is held, but updates rows', () => {
    const { store, takeAll } = open(rowsNamed('a', 'b', 'c'));
    takeAll();
    expect(shown(store)).toEqual(['a', 'b', 'c']);
    store.held.value = true;
    const failing = aFleetRow({ namespace: 'c', health: 'degraded' });
    store.take({ kind: 'rows', event: { position: 'e.2', rows: [failing, ...rowsNamed('d')], gone: ['a'] } });
    store.flush();

    expect(shown(store)).toEqual(['b', 'c']);
    expect(store.list.value.items[1]).toEqual({ kind: 'row', row: failing });

    store.held.value = false;
    expect(shown(store)).toEqual(['c', 'b', 'd']);
  });

  test('follows a new selection even while it is held', () => {
    const { store, takeAll } = open(rowsNamed('one', 'two'));
    takeAll();
    expect(shown(store)).toEqual(['one', 'two']);
    store.held.value = true;

    store.selection.value = { ...EVERYTHING, search: 'two' };

    expect(shown(store)).toEqual(['two']);
    expect(store.selected()).toEqual(['two']);
  });

  test('unfolds groups, and returns the members of folded ones', () => {
    const rows = ['a', 'b'].map((namespace) => aFleetRow({ namespace, causeGroup: 'quota', cause: 'quota' }));
    const { store, takeAll } = open(rows, { grouped: true });
    takeAll();
    expect(shown(store)).toEqual(['quota']);
    expect(store.members('quota')).toEqual(['a', 'b']);

    store.unfolded.value = new Set(['quota']);

    expect(shown(store)).toEqual(['quota', 'a', 'b']);
  });

  test('unchecks namespaces that are gone', () => {
    const { store, takeAll } = open(rowsNamed('a', 'b'));
    takeAll();
    const stop = forgetGone(store);
    store.checked.value = new Set(['a', 'b']);
    store.take({ kind: 'rows', event: { position: 'e.2', rows: [], gone: ['a'] } });

    store.flush();

    expect([...store.checked.value]).toEqual(['b']);
    stop();
  });

  test("follows the server's clock", () => {
    const { store } = open([]);
    const local = Date.now();
    store.take({ kind: 'tick', now: local + 60_000 });

    store.setClock(local + 1_000);

    expect(Math.abs(store.now.value - (local + 61_000))).toBeLessThan(10_000);
  });

  test('treats an empty fleet with stale data as not read yet', () => {
    const { store, takeAll } = open([]);
    takeAll();
    expect(store.isRead.value).toBe(true);

    store.take({ kind: 'summary', summary: aFleetSummary([], { stale: ['not read yet'] }) });

    expect(store.isRead.value).toBe(false);
  });
});
