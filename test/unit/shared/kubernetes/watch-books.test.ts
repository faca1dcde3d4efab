import { describe, expect, test } from '@jest/globals';
import { openWatchBooks } from '../../../../shared/kubernetes/watch-books.ts';

const CUT = { at: 5, problem: 'connection reset', refused: false, isExpired: false };

describe('openWatchBooks', () => {
  test('is synced and without problems once a complete list was read', () => {
    const books = openWatchBooks(42);
    const before = books.state();
    books.broke({ ...CUT, refused: true });

    books.listed('7');

    expect(before).toMatchObject({ synced: false, position: undefined, lastHeardAt: 42, relists: 0 });
    expect(books.state()).toMatchObject({
      synced: true,
      position: '7',
      relists: 1,
      problem: undefined,
      refused: false,
    });
  });

  test('opens the watch again when ten seconds decide that a permission is missing', () => {
    const books = openWatchBooks(0);
    const deniedAt = (at: number) => books.broke({ ...CUT, at, refused: true }).withinMs;

    expect([deniedAt(5_000), deniedAt(9_000), deniedAt(15_000)]).toEqual([
      10_000,
      6_000,
      Number.POSITIVE_INFINITY,
    ]);
    expect(books.broke(CUT).withinMs).toBe(Number.POSITIVE_INFINITY);
  });

  test('is refused once it has been denied for ten seconds: a server that has just started denies everything', () => {
    const books = openWatchBooks(0);
    const denied = (at: number, refused = true) => {
      books.broke({ ...CUT, at, refused });
      return books.state().refused;
    };

    expect([denied(1_000), denied(10_999), denied(11_000)]).toEqual([false, false, true]);
    expect([denied(12_000, false), denied(13_000)]).toEqual([false, false]);
    books.works();
    expect(denied(40_000)).toBe(false);
  });

  test('returns the objects that a list no longer has', () => {
    const books = openWatchBooks(0);
    for (const key of ['a', 'b', 'c', 'd']) books.add(key);
    books.remove('d');

    expect(books.missingFrom(new Set(['b', 'e']))).toEqual(['a', 'c']);
  });

  test('counts consecutive breaks, and starts at zero again once the watch has settled', () => {
    const books = openWatchBooks(0);

    const inARow = [books.broke(CUT), books.broke(CUT), books.broke(CUT)].map(({ failures }) => failures);
    books.works();
    const afterAnAnswer = books.broke(CUT).failures;
    books.settled();

    expect(inARow).toEqual([0, 1, 2]);
    expect(afterAnAnswer).toBe(3);
    expect(books.broke(CUT).failures).toBe(0);
  });

  test('keeps its position after a break, unless it has expired on the server', () => {
    const books = openWatchBooks(0);
    books.listed('7');
    books.moveTo('8');

    books.broke(CUT);
    expect(books.state()).toMatchObject({ position: '8', problem: 'connection reset' });
    books.broke({ ...CUT, isExpired: true });
    expect(books.state()).toMatchObject({ position: undefined, synced: true });
  });

  test('is in trouble from its first break until it has settled, even if it opens in between', () => {
    const books = openWatchBooks(0);

    books.broke(CUT);
    books.works();
    books.broke({ ...CUT, at: 9, problem: 'refused' });
    expect(books.state().trouble).toEqual({ since: 5, reason: 'refused' });
    books.works();
    expect(books.state().trouble).toBeDefined();
    books.settled();
    expect(books.state().trouble).toBeUndefined();
  });

  test('keeps the code of the latest error', () => {
    const books = openWatchBooks(0);
    books.broke(CUT);
    books.broke({ ...CUT, at: 9, problem: '404', code: 'crd_missing' });

    expect(books.state().trouble).toEqual({ since: 5, reason: '404', code: 'crd_missing' });
  });
});
