import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type KubernetesApi, startKubernetesApi } from '../../simulator/kubernetes-api/kubernetes-api.ts';
import { type ApiClient, connect, eventually, type WatchEvent, type WatchStream } from './api-client.ts';
import { aConfigMap } from './kubernetes-api/contract-objects.ts';
import { configMaps } from './kubernetes-api/paths.ts';
import { shown } from './kubernetes-api/watch-events.ts';

const PATH = configMaps('default');
const LATENCY_MS = 200;

describe('faults of the simulated API server', () => {
  let server: KubernetesApi;
  let api: ApiClient;

  beforeEach(async () => {
    server = await startKubernetesApi({ historySize: 3, bookmarkIntervalMs: 50 });
    api = connect(server.kubeconfig);
  });

  afterEach(async () => {
    await api.close();
    await server.close();
  });

  test('429 carries Retry-After', async () => {
    server.faults.rejectRate429 = 1;
    server.faults.retryAfterSeconds = 7;

    const refused = await api.send('GET', PATH);

    expect(refused).toMatchObject({
      code: 429,
      retryAfter: '7',
      body: { reason: 'TooManyRequests', details: { retryAfterSeconds: 7 } },
    });
  });

  test('an internal error leaves the write undone', async () => {
    server.faults.errorRate5xx = 1;

    const failed = await create('one');

    server.faults.errorRate5xx = 0;
    expect(failed).toMatchObject({ code: 500, body: { reason: 'InternalError' } });
    expect((await api.send('GET', `${PATH}/one`)).code).toBe(404);
  });

  test('a lost response leaves the write done', async () => {
    server.faults.timeoutAfterWriteRate = 1;

    await expect(create('one')).rejects.toThrow();

    expect((await api.send('GET', `${PATH}/one`)).code).toBe(200);
    await eventually(
      async () => server.audit.find(({ verb }) => verb === 'create'),
      (record) => record?.code === 0,
    );
  });

  test('affect only matching requests', async () => {
    server.faults.errorRate5xx = 1;
    server.faults.method = /^POST$/;
    server.faults.path = /configmaps/;

    const [read, write, other] = [
      await api.send('GET', PATH),
      await create('one'),
      await api.send('POST', '/api/v1/namespaces', { body: { metadata: { name: 'two' } } }),
    ];

    expect([read.code, write.code, other.code]).toEqual([200, 500, 201]);
  });

  test('latency delays the response', async () => {
    server.faults.latencyMs = LATENCY_MS;
    const start = Date.now();

    await api.send('GET', PATH);

    expect(Date.now() - start).toBeGreaterThanOrEqual(LATENCY_MS - 1);
  });

  test('dropped watches end', async () => {
    const stream = await api.watch(`${PATH}?watch=true&resourceVersion=${await version()}`);

    const dropped = server.faults.dropWatches();

    expect(dropped).toBe(1);
    expect(await stream.next()).toBeUndefined();
    await eventually(
      async () => server.openWatches(),
      (open) => open === 0,
    );
  });

  test('a frozen watch stays silent, a later one does not', async () => {
    const path = `${PATH}?watch=true&allowWatchBookmarks=true&resourceVersion=${await version()}`;
    const frozen = await api.watch(path);
    expect(await frozen.next()).toMatchObject({ type: 'BOOKMARK' });

    server.faults.freezeWatches = true;
    await create('one');
    server.faults.freezeWatches = false;
    const later = await api.watch(path);
    await create('two');
    const heard = [await nextChange(later), await nextChange(later)];
    // What was sent before the end is still read.
    server.faults.dropWatches();

    expect(shown(heard)).toEqual(['ADDED one', 'ADDED two']);
    expect(await nextChange(frozen)).toBeUndefined();
    expect(await nextChange(later)).toBeUndefined();
  });

  test('bookmarks arrive at their interval', async () => {
    const stream = await api.watch(
      `${PATH}?watch=true&allowWatchBookmarks=true&resourceVersion=${await version()}`,
    );

    const events = [await stream.next(), await stream.next()];

    expect(events.map((event) => event?.type)).toEqual(['BOOKMARK', 'BOOKMARK']);
    stream.close();
  });

  test.each([
    ['compaction', async () => server.faults.compact()],
    ['more events than the limit', async () => void (await Promise.all(['a', 'b', 'c', 'd'].map(create)))],
  ])('after %s an older version is too old to watch from', async (_, forget) => {
    await create('one');
    const before = await version();
    await create('two');
    await forget();

    const stream = await api.watch(`${PATH}?watch=true&resourceVersion=${before}`);

    expect(await stream.next()).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
    expect(await stream.next()).toBeUndefined();
  });

  test('a watch can resume from any kept event', async () => {
    const before = await version();
    for (const name of ['a', 'b', 'c']) await create(name);

    const stream = await api.watch(`${PATH}?watch=true&resourceVersion=${before}`);

    expect((await stream.next())?.object.metadata.name).toBe('a');
    stream.close();
  });

  test('every request is recorded', async () => {
    await api.send('POST', PATH, { body: aConfigMap('one'), userAgent: 'skipper/1' });

    await eventually(
      async () => server.audit.at(-1),
      (record) => record?.verb === 'create',
    );
    expect(server.audit.at(-1)).toMatchObject({
      user: 'admin',
      userAgent: 'skipper/1',
      verb: 'create',
      path: PATH,
      resource: 'configmaps',
      namespace: 'default',
      code: 201,
    });
  });

  function create(name: string) {
    return api.send('POST', PATH, { body: aConfigMap(name) });
  }

  async function version(): Promise<string> {
    return (await api.send('GET', PATH)).body.metadata.resourceVersion;
  }
});

/** The next event that is not a bookmark; undefined when the watch ends first. */
async function nextChange(stream: WatchStream): Promise<WatchEvent | undefined> {
  for (;;) {
    const event = await stream.next();
    if (event?.type !== 'BOOKMARK') return event;
  }
}
