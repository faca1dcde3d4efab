import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { pino } from 'pino';
import { createKubernetesClient, type KubernetesClient } from '../../../../shared/kubernetes/client.ts';
import { CONFIG_MAPS } from '../../../../shared/kubernetes/resources.ts';
import { keyOf, startWatch, type Watch, type WatchOptions } from '../../../../shared/kubernetes/watch.ts';
import { silentLog } from '../../../support/builders.ts';
import {
  aRefusal,
  type FakeListWatchServer,
  type FakeObject,
  startFakeListWatchServer,
} from '../../../support/fake-list-watch-server.ts';
import { until } from '../../../support/until.ts';

let server: FakeListWatchServer;
let client: KubernetesClient;
let watch: Watch | undefined;

beforeEach(async () => {
  server = await startFakeListWatchServer();
  client = connect(server.url);
});

afterEach(async () => {
  await watch?.stop();
  watch = undefined;
  await client.close();
  await server.close();
});

function connect(url: string): KubernetesClient {
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'test', server: url, skipTLSVerify: true }, { name: 'test' });
  return createKubernetesClient(config, { userAgent: 'test', fieldManager: 'test' });
}

function anObject(name: string, resourceVersion = '1'): FakeObject {
  return { metadata: { name, namespace: 'ns', resourceVersion } };
}

/** Starts a watch that records each known object and its version in a plain map. */
function follow(options: Partial<WatchOptions<FakeObject>> = {}) {
  const view = new Map<string, string | undefined>();
  const started = startWatch<FakeObject>({
    client,
    log: silentLog,
    resource: CONFIG_MAPS,
    onUpsert: (object) => view.set(keyOf(object), object.metadata.resourceVersion),
    onDelete: (key) => view.delete(key),
    ...options,
  });
  watch = started;
  return { watch: started, view };
}

/** Cuts this many watches as soon as they open; returns the log level of each break: repeated breaks are warnings. */
async function cutEachOf(watches: number, options: Partial<WatchOptions<FakeObject>>): Promise<string[]> {
  const breaks: string[] = [];
  const write = (line: string) => breaks.push(pino.levels.labels[JSON.parse(line).level] ?? '');
  follow({ ...options, log: pino({ level: 'debug' }, { write }) });
  for (let cut = 0; cut < watches; cut += 1) (await server.nextWatch()).cut();
  await until(() => breaks.length === watches, 'every break is logged');
  return breaks;
}

describe('startWatch', () => {
  test('a list of no metadata is null, but not of whole objects', async () => {
    const body = { metadata: { resourceVersion: '7' }, items: null };
    server.answerLists({ body: { ...body, kind: 'ConfigMapList' } });
    const broken = follow().watch;
    await until(() => broken.state().problem !== undefined, 'it is not a list');
    await broken.stop();

    server.answerLists({ body: { ...body, kind: 'PartialObjectMetadataList' } });
    const { watch: started } = follow({ metadataOnly: true });
    await started.synced();
    expect(started.state()).toMatchObject({ position: '7', problem: undefined });
  });

  test('without keys, what a later list lacks is not reported, and what an event deletes is', async () => {
    server.answerLists({ items: [anObject('a'), anObject('b')], resourceVersion: '7' });
    const listed: string[] = [];
    const { watch: started, view } = follow({
      keepsKeys: false,
      onListing: () => listed.push('listing'),
      onListed: () => listed.push('listed'),
    });
    await started.synced();
    const stream = await server.nextWatch();
    stream.send('DELETED', anObject('b', '8'));
    await until(() => !view.has('ns/b'), 'the event is seen');

    server.answerLists({ items: [], resourceVersion: '9' });
    stream.send('ERROR', aRefusal(410));
    await until(() => listed.length === 4, 'it is listed again');
    expect(listed).toEqual(['listing', 'listed', 'listing', 'listed']);
    expect([...view.keys()]).toEqual(['ns/a']);
  });

  test('lists page by page, and is synced after the last one', async () => {
    server.answerLists(
      { items: [anObject('a'), anObject('b')], resourceVersion: '7', continue: 'page-2' },
      { items: [anObject('c')], resourceVersion: '7', continue: 'page-3' },
      { items: [], resourceVersion: '7' },
    );

    const { watch: started, view } = follow({
      pageSize: 2,
      labelSelector: 'app=x',
      fieldSelector: 'metadata.name=y',
    });
    await started.synced();

    expect([...view.keys()]).toEqual(['ns/a', 'ns/b', 'ns/c']);
    expect(server.lists.map((query) => Object.fromEntries(query))).toEqual([
      { labelSelector: 'app=x', fieldSelector: 'metadata.name=y', limit: '2' },
      { labelSelector: 'app=x', fieldSelector: 'metadata.name=y', limit: '2', continue: 'page-2' },
      { labelSelector: 'app=x', fieldSelector: 'metadata.name=y', limit: '2', continue: 'page-3' },
    ]);
    expect(started.state()).toMatchObject({ synced: true, position: '7', relists: 1, problem: undefined });
  });

  test('follows from the version of the list, with bookmarks and the same selectors', async () => {
    server.answerLists({ resourceVersion: '7' });

    follow({ labelSelector: 'app=x' });
    const { query } = await server.nextWatch();

    expect(query.get('resourceVersion')).toBe('7');
    expect(query.get('allowWatchBookmarks')).toBe('true');
    expect(query.get('labelSelector')).toBe('app=x');
    expect(Number(query.get('timeoutSeconds'))).toBeGreaterThanOrEqual(300);
  });

  test('reports additions, changes and deletions', async () => {
    server.answerLists({ items: [anObject('a')], resourceVersion: '7' });
    const { watch: started, view } = follow();
    const stream = await server.nextWatch();

    stream.send('ADDED', anObject('b', '8'));
    stream.send('MODIFIED', anObject('a', '9'));
    stream.send('DELETED', anObject('b', '10'));
    await until(() => started.state().position === '10', 'the deletion is observed');

    expect(Object.fromEntries(view)).toEqual({ 'ns/a': '9' });
  });

  test('advances its position with bookmarks, without reporting an object', async () => {
    const { watch: started, view } = follow();
    const stream = await server.nextWatch();

    stream.send('BOOKMARK', { kind: 'ConfigMap', metadata: { resourceVersion: '500' } });
    await until(() => started.state().position === '500', 'the bookmark is observed');

    expect(view.size).toBe(0);
    expect(started.state().position).toBe('500');
  });

  test('reads events that are split over several chunks, and several events in one chunk', async () => {
    const { view, watch: started } = follow();
    const stream = await server.nextWatch();
    const line = (name: string, version: string) =>
      `${JSON.stringify({ type: 'ADDED', object: { ...anObject(name, version), data: { note: 'æøå 🚀' } } })}\n`;
    const all = line('a', '2') + line('b', '3') + line('c', '4');

    for (const piece of all.match(/.{1,37}/gsu) ?? []) {
      stream.write(piece);
      // Lets the chunks arrive one by one.
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    await until(() => started.state().position === '4', 'all three events are observed');

    expect([...view.keys()]).toEqual(['ns/a', 'ns/b', 'ns/c']);
  });

  test.each([
    ['the server ends it', 'end'],
    ['the connection is cut', 'cut'],
  ] as const)('resumes from the last version after %s, without a list', async (_what, how) => {
    const { view } = follow();
    const stream = await server.nextWatch();
    stream.send('ADDED', anObject('a', '41'));
    await until(() => view.has('ns/a'), 'the object is observed');

    stream[how]();
    const next = await server.nextWatch();

    expect(next.query.get('resourceVersion')).toBe('41');
    expect(server.lists).toHaveLength(1);
  });

  test.each([
    ['an ERROR event', async () => (await server.nextWatch()).send('ERROR', aRefusal(410))],
    [
      'the answer to the next watch',
      async () => {
        server.refuseWatches(410);
        (await server.nextWatch()).end();
      },
    ],
  ])('lists again after a 410 in %s, and deletes objects that are gone', async (_what, expire) => {
    server.answerLists(
      { items: [anObject('stays'), anObject('goes')], resourceVersion: '7' },
      { items: [anObject('stays', '20'), anObject('comes', '21')], resourceVersion: '30' },
    );
    const { watch: started, view } = follow();
    await started.synced();

    await expire();
    await until(() => started.state().relists === 2, 'the second list is read');

    expect(Object.fromEntries(view)).toEqual({ 'ns/stays': '20', 'ns/comes': '21' });
    expect(started.state().position).toBe('30');
  });

  test('restarts a list if its second page has expired', async () => {
    server.answerLists(
      { items: [anObject('a')], resourceVersion: '7', continue: 'old' },
      { status: 410 },
      { items: [anObject('b')], resourceVersion: '9' },
    );

    const { watch: started, view } = follow();
    await started.synced();

    expect(server.lists.map((query) => query.get('continue'))).toEqual([null, 'old', null]);
    expect([...view.keys()]).toEqual(['ns/b']);
  });

  test.each([
    ['an ERROR event of another kind', 'error'],
    ['a line that is not JSON', 'nonsense'],
  ] as const)('resumes where it was after %s', async (_what, kind) => {
    const { watch: started } = follow();
    const stream = await server.nextWatch();
    stream.send('ADDED', anObject('a', '41'));
    await until(() => started.state().position === '41', 'the object is observed');

    if (kind === 'error') stream.send('ERROR', aRefusal(500, 'InternalError'));
    else stream.write('<html>bad gateway</html>\n');
    const next = await server.nextWatch();

    expect(next.query.get('resourceVersion')).toBe('41');
    expect(server.lists).toHaveLength(1);
  });

  test('does not increase its backoff for watches that settled but were cut without events', async () => {
    expect(await cutEachOf(5, { settledMs: 0 })).toEqual(['debug', 'debug', 'debug', 'debug', 'debug']);
  });

  test('increases its backoff for watches that break as soon as they open', async () => {
    expect(await cutEachOf(4, { settledMs: 60_000 })).toEqual(['debug', 'debug', 'warn', 'warn']);
  });

  test('treats a watch that is silent for too long as broken', async () => {
    follow({ silenceTimeoutMs: 60 });
    await server.nextWatch();

    const next = await server.nextWatch();

    expect(next.query.get('resourceVersion')).toBe('1');
  });

  test('does not treat a watch with occasional events as silent', async () => {
    const { watch: started } = follow({ silenceTimeoutMs: 2_000 });
    const stream = await server.nextWatch();

    for (let version = 2; version <= 9; version += 1) {
      stream.send('BOOKMARK', { metadata: { resourceVersion: String(version) } });
      await new Promise((resolve) => setTimeout(resolve, 400));
    }

    expect(started.state()).toMatchObject({ position: '9', problem: undefined });
  });

  test('acceptance 21: keeps retrying if the server refuses, and reports its message', async () => {
    const refused = {
      status: 403,
      body: { ...aRefusal(403, 'Forbidden'), message: 'may not list configmaps' },
    };
    server.answerLists(refused, refused, { items: [anObject('a')], resourceVersion: '7' });

    const { watch: started, view } = follow();
    await until(() => started.state().problem !== undefined, 'the refusal is recorded');
    const { problem, synced } = started.state();
    await started.synced();
    await server.nextWatch();

    expect(problem).toContain('may not list configmaps');
    expect(synced).toBe(false);
    expect(view.has('ns/a')).toBe(true);
    expect(started.state().problem).toBeUndefined();
  });

  test('acceptance 21: keeps retrying while the server is unreachable', async () => {
    await server.close();

    const { watch: started } = follow();
    await until(() => started.state().problem !== undefined, 'the failure is recorded');

    expect(started.state()).toMatchObject({
      synced: false,
      problem: expect.stringContaining('did not answer'),
    });
  });

  test('stops immediately while a watch is open', async () => {
    const { watch: started } = follow();
    await server.nextWatch();

    await started.stop();

    expect(server.lists).toHaveLength(1);
  });
});
