import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { createKubernetesClient, type KubernetesClient } from '../../../../shared/kubernetes/client.ts';
import { CONFIG_MAPS, PODS } from '../../../../shared/kubernetes/resources.ts';
import { startWatch } from '../../../../shared/kubernetes/watch.ts';
import { openConnector } from '../../../../shared/network/open-connector.ts';
import { connectRedis } from '../../../../shared/redis.ts';
import { fetchDocument } from '../../../../shared/releases/fetch-document.ts';
import { silentLog } from '../../../support/builders.ts';
import {
  type FakeListWatchServer,
  startFakeListWatchServer,
} from '../../../support/fake-list-watch-server.ts';
import { anOutbound, startFakeReleaseServer } from '../../../support/fake-release-server.ts';
import { FAULTS, type MisbehavingProxy, startMisbehavingProxy } from '../../../support/misbehaving-proxy.ts';
import { until } from '../../../support/until.ts';

/** Longer than any timeout in these tests, with room for a slow machine. */
const IN_TIME_MS = 20_000;
/** The most connections that a request and its retries may open; undici alone opens thousands a second. */
const FEW = 5;
/** For what must not depend on a timeout: none of these requests takes so long. */
const LONG_MS = 60_000;

const WAYS = ['directly', 'through a proxy'] as const;
const CASES = WAYS.flatMap((way) => FAULTS.map((fault) => [way, fault] as const));

let server: FakeListWatchServer;
let proxy: MisbehavingProxy;
let client: KubernetesClient | undefined;

beforeEach(async () => {
  server = await startFakeListWatchServer();
});

afterEach(async () => {
  await client?.close();
  client = undefined;
  await proxy.close();
  await server.close();
});

async function start(way: (typeof WAYS)[number], target: string): Promise<{ url: string; via?: string }> {
  proxy = await startMisbehavingProxy(way === 'directly' ? target : undefined);
  return way === 'directly' ? { url: proxy.url } : { url: target, via: proxy.url };
}

function openClient({ url, via }: { url: string; via?: string }, timeoutMs = 400): KubernetesClient {
  const kubeConfig = new KubeConfig();
  const cluster = { name: 'c', server: url, skipTLSVerify: true, ...(via && { proxyUrl: via }) };
  kubeConfig.loadFromClusterAndUser(cluster, { name: 'u', token: 't' });
  return createKubernetesClient(kubeConfig, { userAgent: 'test', fieldManager: 'test', timeoutMs });
}

async function timed(work: Promise<unknown>): Promise<{ error: Error; tookMs: number }> {
  const began = Date.now();
  const error = await work.then(
    () => new Error('it succeeded'),
    (reason: Error) => reason,
  );
  return { error, tookMs: Date.now() - began };
}

describe('the API server', () => {
  const LIST = { method: 'GET', path: '/api/v1/configmaps' } as const;
  /** On a busy machine, also an answer that was sent at once can take longer than the timeout of these tests. */
  const succeeds = (request: KubernetesClient['request']) => until(() => request(LIST), 'it succeeds');

  test.each(CASES)(
    'reached %s: a request fails in time while the peer %s, and succeeds after it recovers',
    async (way, fault) => {
      client = openClient(await start(way, server.url));
      proxy.behave(fault);

      const { error, tookMs } = await timed(client.request(LIST));
      const opened = proxy.opened();
      proxy.behave('well');

      expect(error).toMatchObject({ code: 'cluster_unavailable' });
      expect(tookMs).toBeLessThan(IN_TIME_MS);
      expect(opened).toBeLessThanOrEqual(FEW);
      expect(await succeeds(client.request)).toMatchObject({ items: [] });
    },
  );

  test.each(CASES)(
    'reached %s: a watch opens few connections while the peer %s, and then catches up',
    async (way, fault) => {
      client = openClient(await start(way, server.url));
      proxy.behave(fault);
      const watch = startWatch({
        client,
        log: silentLog,
        resource: CONFIG_MAPS,
        onUpsert: () => undefined,
        onDelete: () => undefined,
        settledMs: 50,
      });

      await until(() => watch.state().trouble !== undefined, 'the watch is in trouble');
      await new Promise((resolve) => setTimeout(resolve, 500));
      const opened = proxy.opened();
      proxy.behave('well');
      await watch.synced();
      await until(() => watch.state().trouble === undefined, 'the watch has recovered');
      await watch.stop();

      expect(opened).toBeLessThanOrEqual(10);
    },
  );

  test('requests fail on connections that were lost silently, and the next one succeeds', async () => {
    client = openClient(await start('through a proxy', server.url));
    await client.request(LIST);
    await new Promise((resolve) => setTimeout(resolve, 50));
    proxy.freeze();

    const { error } = await timed(client.request(LIST));

    expect(error.message).toMatch(/no complete answer within 0.4 s/);
    expect(await succeeds(client.request)).toMatchObject({ items: [] });
  });

  test('a request times out if the response is too slow', async () => {
    client = openClient(await start('directly', server.url));
    const { error } = await timed(client.requestText({ ...LIST, query: { watch: true } }));

    expect(error.message).toMatch(/no complete answer within 0.4 s/);
  });

  test('a request times out if its credentials never arrive', async () => {
    await start('directly', server.url);
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromClusterAndUser({ name: 'c', server: server.url, skipTLSVerify: true }, { name: 'u' });
    kubeConfig.applySecurityAuthentication = () => new Promise(() => undefined);
    client = createKubernetesClient(kubeConfig, { userAgent: 't', fieldManager: 't', timeoutMs: 100 });

    await expect(client.request(LIST)).rejects.toThrow(/no complete answer within 0.1 s/);
  });
});

describe('the release server', () => {
  test.each(CASES)(
    'reached %s: a request fails in time while the peer %s, and succeeds after it recovers',
    async (way, fault) => {
      const releases = await startFakeReleaseServer();
      releases.answer('/stable.json', '{}');
      const { url, via } = await start(way, releases.url);
      const egress = anOutbound({ baseUrl: url, httpProxy: via });
      proxy.behave(fault);
      const fetchStable = () => fetchDocument(`${url}/stable.json`, {}, { timeoutMs: 400, egress });

      const { error, tookMs } = await timed(fetchStable());
      const opened = proxy.opened();
      proxy.behave('well');
      const answer = await until(fetchStable, 'it succeeds');
      await egress.dispatcher.destroy();
      await releases.close();

      expect(error).toMatchObject({ code: 'release_source_unavailable' });
      expect(tookMs).toBeLessThan(IN_TIME_MS);
      expect(opened).toBeLessThanOrEqual(FEW);
      expect(answer).toMatchObject({ kind: 'content', text: '{}' });
    },
  );
});

describe('openConnector', () => {
  const connect = (via: string, timeoutMs: number) =>
    new Promise((resolve, reject) => {
      const open = openConnector({ proxyFor: () => via, timeoutMs });
      const target = { hostname: 'server.example', host: 'server.example', protocol: 'https:', port: '443' };
      open(target as never, (error, socket) => (error ? reject(error) : resolve(socket)));
    });

  test.each([
    ['refuses', /^proxy 127\.0\.0\.1:\d+: HTTP 403 to CONNECT server\.example:443$/],
    ['closes', /^proxy 127\.0\.0\.1:\d+: socket hang up$/],
    ['is mute', /^proxy 127\.0\.0\.1:\d+: no answer to CONNECT server\.example:443 within 0.2 s$/],
    ['answers nonsense', /^proxy 127\.0\.0\.1:\d+: Parse Error/],
  ] as const)('names the proxy that %s, without its password', async (fault, message) => {
    await start('through a proxy', server.url);
    proxy.behave(fault);
    const timeoutMs = fault === 'is mute' ? 200 : LONG_MS;

    await expect(connect(`http://user:pass@127.0.0.1:${proxy.port}`, timeoutMs)).rejects.toThrow(message);
  });
});

describe('Redis', () => {
  test.each(FAULTS)('%s: commands fail fast, and few connections are opened', async (fault) => {
    await start('directly', server.url);
    proxy.behave(fault);
    const began = Date.now();
    const redis = connectRedis(
      { redisUrl: `redis://127.0.0.1:${proxy.port}`, redisSentinels: [], redisCluster: false } as never,
      silentLog,
    );
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const { tookMs } = await timed(redis.get('key'));
    const opened = proxy.opened();
    const openMs = Date.now() - began;
    const { status } = redis;
    // Between two attempts to connect, ioredis would keep a timer after its end.
    proxy.behave('is mute');
    await until(() => redis.status === 'connect', 'a connection is open');
    redis.disconnect();
    await until(() => redis.status === 'end', 'it has ended');

    expect(status).not.toBe('ready');
    expect(tookMs).toBeLessThan(IN_TIME_MS);
    expect(opened).toBeGreaterThan(0);
    expect(opened).toBeLessThanOrEqual(mostAttemptsIn(openMs));
  });
});

/** The first pause between two attempts takes 100 ms, and each one takes 100 ms more than the one before. */
function mostAttemptsIn(ms: number): number {
  let attempts = 1;
  for (let left = ms; left >= attempts * 100; attempts += 1) left -= attempts * 100;
  return attempts;
}

describe('a server in front of the API server', () => {
  const PAGE = '<html><title>Log in</title></html>';

  test.each<[string, number, Record<string, string>, string, RegExp]>([
    ['a page', 200, { 'content-type': 'text/html' }, PAGE, /HTTP 200 with text\/html: "<html><title>Log in/],
    [
      'text that is not JSON',
      200,
      { 'content-type': 'text/plain' },
      'all is well',
      /with something other than JSON: "all is well"/,
    ],
    ['a redirect', 302, { location: 'https://login.example/' }, '', /HTTP 302 to https:\/\/login\.example\//],
  ])('that responds with %s counts as an unavailable API server, also for a DELETE', async (...given) => {
    const [, status, headers, body, message] = given;
    await start('directly', server.url);
    const front = await startFakeReleaseServer();
    const path = '/api/v1/namespaces/a/pods/b';
    front.answer(path, (response) => response.writeHead(status, headers).end(body));
    client = openClient({ url: front.url }, LONG_MS);

    const refused = { code: 'cluster_unavailable', message: expect.stringMatching(message) };
    const ref = { namespace: 'a', name: 'b' };
    await expect(client.get(PODS, ref)).rejects.toMatchObject(refused);
    await expect(client.delete(PODS, ref)).rejects.toMatchObject(refused);
    await client.close();
    await front.close();
  });
});
