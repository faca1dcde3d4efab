import { describe, expect, test } from '@jest/globals';
import { createApiClient } from '../../../../client/api-client.ts';
import type { FleetNews } from '../../../../client/fleet-news.ts';
import type { FleetRow } from '../../../../domain/fleet/fleet-row.ts';
import { followNamespace, hasSettled } from '../../../../web/namespace/follow-namespace.ts';
import { createNamespaceStore } from '../../../../web/namespace/namespace-store.ts';
import { NAMESPACE } from '../../../support/builders.ts';
import { aRow, aStatus, someDetails, someObjects } from '../../../support/details-builders.ts';

/** A page with an API, timers and a clock that a test moves. */
function open() {
  const asked: string[] = [];
  const time = { now: 10_000 };
  const timers: { readonly at: number; readonly run: () => void }[] = [];
  const api = { status: 200, row: aRow() };
  const answer: typeof fetch = async (input) => {
    const url = String(input);
    asked.push(url);
    if (api.status !== 200) return aProblem(api.status);
    return Response.json(
      url.endsWith('/objects') ? someObjects() : { ...aStatus(), ...someDetails({ row: api.row }) },
    );
  };
  const store = createNamespaceStore({ details: someDetails(), objects: undefined, feedWorker: '/feed.js' });
  const follower = followNamespace(store, {
    client: createApiClient({ server: '', fetch: answer }),
    setTimer: (run, ms) => timers.push({ at: time.now + ms, run }),
    now: () => time.now,
  });
  async function pass(ms: number): Promise<void> {
    time.now += ms;
    for (const timer of timers.splice(0)) {
      if (timer.at <= time.now) timer.run();
      else timers.push(timer);
    }
    await settle();
  }
  return { api, asked, store, follower, pass };
}

function aProblem(status: number): Response {
  const problem = { type: 'about:blank', title: '', status, code: '', detail: 'Redis is not connected' };
  return Response.json(problem, { status, headers: { 'content-type': 'application/problem+json' } });
}

/** Lets everything that has been promised happen. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function rows(...changed: FleetRow[]): FleetNews {
  return { kind: 'rows', event: { position: 'e.1', rows: changed, gone: [] } };
}

const STORY = `/api/namespaces/${NAMESPACE}`;
const OBJECTS = `${STORY}/objects`;

describe('the page of a namespace', () => {
  test('reads its details again when the feed tells of its row, and of no other', async () => {
    const { asked, follower, store, api } = open();
    api.row = aRow({ health: 'progressing', activity: 'planning' });

    follower.take(rows(aRow({ namespace: 'another' })));
    follower.take(rows(api.row));
    await settle();

    expect(asked).toEqual([STORY]);
    expect(store.details.value.row.activity).toBe('planning');
  });

  test('asks at most once a second however much happens, and does not miss the last change', async () => {
    const { asked, follower, pass } = open();

    for (let change = 0; change < 50; change += 1) {
      follower.take(rows(aRow({ detail: String(change) })));
      await settle();
    }
    const atOnce = asked.length;
    await pass(1_000);
    await pass(1_000);

    expect(atOnce).toBe(1);
    expect(asked).toEqual([STORY, STORY]);
  });

  test('reads the objects again when what was under way is over', async () => {
    const { asked, follower, store } = open();
    store.details.value = someDetails({ row: aRow({ health: 'progressing', activity: 'applying' }) });

    follower.take(rows(aRow()));
    await settle();

    expect(asked.sort()).toEqual([STORY, OBJECTS]);
    expect(store.objects.value).toEqual(someObjects());
  });

  test('says why the objects could not be read, and keeps those it has', async () => {
    const { follower, store, api } = open();
    api.status = 503;

    follower.readObjects();
    await settle();

    expect(store.objectsProblem.value).toBe('Redis is not connected');
  });

  test.each([
    [404, true],
    [503, false],
  ])('an answer of %d says whether it is gone: %j', async (status, isGone) => {
    const { follower, store, api } = open();
    api.status = status;

    follower.take(rows(aRow({ detail: 'changed' })));
    await settle();

    expect(store.isGone.value).toBe(isGone);
  });

  test('says that the namespace is gone', async () => {
    const { follower, store } = open();

    follower.take({ kind: 'rows', event: { position: 'e.1', rows: [], gone: [NAMESPACE] } });

    expect(store.isGone.value).toBe(true);
  });

  test('shows how the line is, and follows the clock of the server', () => {
    const { follower, store } = open();

    follower.take({ kind: 'connection', connection: { state: 'live' } });
    follower.take({ kind: 'tick', now: 77_000 });

    expect(store.connection.value).toEqual({ state: 'live' });
    expect(store.now.value).toBe(77_000);
  });
});

test.each([
  [{ activity: 'applying' }, { activity: 'idle' }, true],
  [{ activity: 'idle' }, { activity: 'applying' }, false],
  [{ version: '1' }, { version: '2' }, true],
  [{ status: 'OK' }, { status: 'UNAVAILABLE' }, true],
  [{ detail: 'a' }, { detail: 'b' }, false],
] as const)('from %j to %j the objects are read again: %j', (before, after, isSo) => {
  expect(hasSettled(aRow(before), aRow(after))).toBe(isSo);
});
