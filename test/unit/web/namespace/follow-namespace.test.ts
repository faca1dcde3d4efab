import { describe, expect, test } from '@jest/globals';
import { createApiClient } from '../../../../client/api-client.ts';
import type { FleetNews } from '../../../../client/fleet-news.ts';
import type { NamespaceDetails } from '../../../../domain/explain/namespace-details.ts';
import type { FleetRow } from '../../../../domain/fleet/fleet-row.ts';
import { followNamespace, hasSettled } from '../../../../web/namespace/follow-namespace.ts';
import { createNamespaceStore } from '../../../../web/namespace/namespace-store.ts';
import { aFleetSummary, NAMESPACE } from '../../../support/builders.ts';
import { aRow, aStatus, someDetails, someObjects } from '../../../support/details-builders.ts';

/** A page with an API, timers and a clock that a test controls. */
function open(overrides: Partial<NamespaceDetails> = {}) {
  const requests: string[] = [];
  const time = { now: 10_000 };
  const timers: { readonly at: number; readonly run: () => void }[] = [];
  const api = { status: 200, objectsStatus: 200, row: aRow(), token: '' };
  const answer: typeof fetch = async (input) => {
    const url = String(input);
    requests.push(url);
    if (api.status !== 200) return aProblem(api.status);
    if (url.endsWith('/logs')) return Response.json({ namespace: NAMESPACE, readAt: 5, logs: [] });
    if (url.endsWith('/objects') && api.objectsStatus !== 200) return aProblem(api.objectsStatus);
    return Response.json(
      url.endsWith('/objects') ? someObjects() : { ...aStatus(), ...someDetails({ row: api.row }) },
    );
  };
  const store = createNamespaceStore({
    details: someDetails(overrides),
    objects: undefined,
    feedWorker: '/feed.js',
  });
  const follower = followNamespace(store, {
    client: createApiClient({ server: '', fetch: answer }),
    setTimer: (run, ms) => timers.push({ at: time.now + ms, run }),
    now: () => time.now,
    readToken: () => api.token,
  });
  async function pass(ms: number): Promise<void> {
    time.now += ms;
    for (const timer of timers.splice(0)) {
      if (timer.at <= time.now) timer.run();
      else timers.push(timer);
    }
    await settle();
  }
  return { api, requests, store, follower, pass };
}

function aProblem(status: number): Response {
  const problem = { type: 'about:blank', title: '', status, code: '', detail: 'Redis is not connected' };
  return Response.json(problem, { status, headers: { 'content-type': 'application/problem+json' } });
}

/** Waits until all pending promises have settled. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function rows(...changed: FleetRow[]): FleetNews {
  return { kind: 'rows', event: { position: 'e.1', rows: changed, gone: [] } };
}

const DETAILS = `/api/namespaces/${NAMESPACE}`;
const OBJECTS = `${DETAILS}/objects`;
const LOGS = `${DETAILS}/logs`;

describe('the page of a namespace', () => {
  test('reads its health rules again although the feed reports no change', async () => {
    const { requests, follower, pass } = open();
    await pass(10_000);
    follower.take({ kind: 'tick', now: 20_000 });
    await settle();
    expect(requests).toEqual([]);

    await pass(5_000);
    follower.take({ kind: 'tick', now: 25_000 });
    follower.take({ kind: 'tick', now: 25_001 });
    await settle();
    expect(requests).toEqual([DETAILS]);
  });

  test('reads logs only when somebody asks, and shows why they cannot be read', async () => {
    const { requests, follower, store, api, pass } = open();
    follower.readLogs();
    await settle();
    expect([requests, store.logs.value, store.logsProblem.value]).toEqual([
      [LOGS],
      { namespace: NAMESPACE, readAt: 5, logs: [] },
      '',
    ]);

    api.status = 503;
    follower.readLogs();
    await pass(2_000);

    expect(store.logsProblem.value).toContain('Redis is not connected');
    expect(store.logs.value).toBeDefined();
  });

  test('reads what holds the namespace again after a hold, and when a rollout is paused', async () => {
    const { requests, follower, store, pass } = open();
    store.hold.value = { reason: 'audit', by: 'jo', at: 1 };
    await settle();
    expect(requests).toEqual([DETAILS]);

    const notices = [{ code: 'rollout_paused', message: 'Rollout R1 is paused.', remedy: '' } as const];
    follower.take({ kind: 'summary', summary: aFleetSummary([], { notices }) });
    await pass(1_000);
    expect(requests).toEqual([DETAILS, DETAILS]);

    follower.take({ kind: 'summary', summary: aFleetSummary([], { notices }) });
    await pass(1_000);
    expect(requests).toHaveLength(2);
  });

  test('without the token that logs and objects require, asks for it instead of the API', async () => {
    const { api, requests, follower, store } = open({ isWithheld: true });
    expect(store.token.value).toBe('missing');

    follower.readAll();
    await settle();
    expect(requests).toEqual([DETAILS]);

    api.token = 'wrong';
    api.objectsStatus = 401;
    follower.readAll();
    await settle();
    expect(store.token.value).toBe('wrong');
    expect(store.objectsProblem.value).toBe('');
  });

  test('reads everything once the token was entered', async () => {
    const { api, requests, follower, store } = open({ isWithheld: true });
    api.token = 'right';

    follower.readAll();
    await settle();

    expect(requests.sort()).toEqual([DETAILS, OBJECTS]);
    expect(store.token.value).toBe('enough');
    expect(store.objects.value).toEqual(someObjects());
  });

  test('asks for the token if the API begins to require one', async () => {
    const { api, follower, store } = open();
    api.objectsStatus = 401;

    follower.readObjects();
    await settle();

    expect(store.token.value).toBe('missing');
  });

  test('reads its details again only when the feed reports its own row', async () => {
    const { requests, follower, store, api } = open();
    api.row = aRow({ health: 'progressing', activity: 'planning' });

    follower.take(rows(aRow({ namespace: 'another' })));
    follower.take(rows(api.row));
    await settle();

    expect(requests).toEqual([DETAILS]);
    expect(store.details.value.row.activity).toBe('planning');
  });

  test('reads at most once a second however much changes, and does not miss the last change', async () => {
    const { requests, follower, pass } = open();

    for (let change = 0; change < 50; change += 1) {
      follower.take(rows(aRow({ detail: String(change) })));
      await settle();
    }
    const atOnce = requests.length;
    await pass(1_000);
    await pass(1_000);

    expect(atOnce).toBe(1);
    expect(requests).toEqual([DETAILS, DETAILS]);
  });

  test('reads the objects again when a deploy has ended', async () => {
    const { requests, follower, store } = open();
    store.details.value = someDetails({ row: aRow({ health: 'progressing', activity: 'applying' }) });

    follower.take(rows(aRow()));
    await settle();

    expect(requests.sort()).toEqual([DETAILS, OBJECTS]);
    expect(store.objects.value).toEqual(someObjects());
  });

  test('reports why the objects could not be read, and keeps the old ones', async () => {
    const { follower, store, api } = open();
    api.status = 503;

    follower.readObjects();
    await settle();

    expect(store.objectsProblem.value).toBe('Redis is not connected');
  });

  test.each([
    [404, true],
    [503, false],
  ])('after a response of %d the namespace is gone: %j', async (status, isGone) => {
    const { follower, store, api } = open();
    api.status = status;

    follower.take(rows(aRow({ detail: 'changed' })));
    await settle();

    expect(store.isGone.value).toBe(isGone);
  });

  test('reports that the namespace is gone', async () => {
    const { follower, store } = open();

    follower.take({ kind: 'rows', event: { position: 'e.1', rows: [], gone: [NAMESPACE] } });

    expect(store.isGone.value).toBe(true);
  });

  test('shows the state of the connection, and follows the clock of the server', () => {
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
] as const)('a change from %j to %j requires reading the objects again: %j', (before, after, expected) => {
  expect(hasSettled(aRow(before), aRow(after))).toBe(expected);
});
