import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { ROUTES } from '../../api/routes.ts';
import { flagOf, SETTING_NAMES, type SettingName } from '../../shared/config.ts';
import { freePort } from '../support/free-port.ts';
import { OLD } from '../support/published.ts';
import { useWorld, writeInto } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

/** The prefix of every secret. The quotation mark and the slash are written differently in JSON and URLs. */
const CANARY = 'planted';
const secret = (name: string) => `${CANARY}-${name}"/%#`;
const inUrl = (name: string, rest: string) => {
  const [scheme, host] = rest.split('://');
  return `${scheme}://user:${encodeURIComponent(secret(name))}@${host}`;
};

/** Settings that can hold a secret, each of which gets one. `apiToken` is the simulated cluster's own. */
const PLANTED: readonly SettingName[] = [
  'apiToken',
  'authTokenFile',
  'baseurl',
  'hookSecretFile',
  'httpProxy',
  'httpsProxy',
  'notifications',
  'redisSentinelPassword',
  'redisUrl',
];
/** Settings in which credentials are refused. */
const REFUSED: readonly SettingName[] = ['apiServer', 'otelExporterOtlpEndpoint', 'publicUrl'];
/** Files with certificates and keys: only TLS reads them. */
const FILES: readonly SettingName[] = ['clientKey', 'redisKeyFile', 'kubeconfig'];
const HARMLESS =
  /^(logFormat|debug|host|.*[pP]ort|releaseChannelMetadata(Spec)?|specFileOverride|disable.*|statusUpdateInterval|manageRbac|useApiextensionsv1Crd|apiCert|clientCert|configFile|redis(CaFile|CertFile|Sentinels|SentinelMaster|Cluster|Prefix)|concurrency|maxInFlight|kubeApiQps|release(CheckInterval|Timeout|AllowedHosts|CaFile)|noProxy|.*Deadline|maxAttempts|retryBackoff.*|gracePeriod|trustProxy|basePath|environmentLabel|rollout(Policy|Retention)|stateConfigMap|heal.*|deafAfter|audit.*)$/;

const world = useWorld({ processes: true });

/** A server that refuses everything and echoes what it received. */
async function startEchoServer() {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(JSON.stringify(request.headers));
    response.writeHead(500, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ message: `${request.url} ${JSON.stringify(request.headers)}` }));
  });
  server.on('connect', (request, socket) => {
    seen.push(JSON.stringify(request.headers));
    const echoed = request.headers['proxy-authorization'];
    socket.end(`HTTP/1.1 407 refused\r\nx-echo: ${echoed}\r\ncontent-length: 0\r\n\r\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

async function everythingIn(url: string): Promise<string> {
  const redis = new Redis(url);
  const texts: unknown[] = [];
  for (const key of await redis.keys('*')) {
    const type = await redis.type(key);
    texts.push(key);
    if (type === 'string') texts.push(await redis.get(key));
    if (type === 'hash') texts.push(await redis.hgetall(key));
    if (type === 'list') texts.push(await redis.lrange(key, 0, -1));
    if (type === 'set') texts.push(await redis.smembers(key));
    if (type === 'zset') texts.push(await redis.zrange(key, 0, '-1'));
    if (type === 'stream') texts.push(await redis.xrange(key, '-', '+'));
  }
  redis.disconnect();
  return JSON.stringify(texts);
}

describe('secrets', () => {
  const collected = new Map<string, string>();
  let echo: Awaited<ReturnType<typeof startEchoServer>>;
  let spans: Awaited<ReturnType<typeof startEchoServer>>;

  beforeAll(async () => {
    echo = await startEchoServer();
    spans = await startEchoServer();
    const admin = new Redis(world.redis.url);
    await admin.call('ACL', 'SETUSER', 'user', 'on', `>${secret('redisUrl')}`, '~*', '&*', '+@all');
    admin.disconnect();
    const authTokenFile = await writeInto(world, 'canary-token', secret('authTokenFile'));
    const hookSecretFile = await writeInto(world, 'canary-hook', secret('hookSecretFile'));
    const notifications = await writeReceivers();
    const flags = {
      debug: true,
      notifications,
      'hook-secret-file': hookSecretFile,
      baseurl: inUrl('baseurl', world.channel.url),
      'redis-url': inUrl('redisUrl', world.redis.url),
      'redis-sentinel-password': secret('redisSentinelPassword'),
      'http-proxy': inUrl('httpProxy', echo.url),
      'https-proxy': inUrl('httpsProxy', echo.url),
      'no-proxy': '127.0.0.1',
      'auth-token-file': authTokenFile,
      'otel-exporter-otlp-endpoint': spans.url,
      'release-check-interval': 1,
      'max-attempts': 2,
    };
    const env = {
      OTEL_EXPORTER_OTLP_HEADERS: `x-key=${encodeURIComponent(secret('otelHeaders'))}`,
      OTEL_BSP_SCHEDULE_DELAY: '100',
    };
    const good = await world.startStandalone({ flags, env });
    const authorization = `Bearer ${secret('authTokenFile')}`;
    await world.addNamespace('canary', { fdd: OLD });
    const rollout = await world.deploy({ namespaces: ['canary'] }, { authorization });
    await world.rolloutFinished(rollout.id);
    // The receivers refuse, echo, and cannot be reached.
    await world.http('/api/notifications/test', {
      method: 'POST',
      headers: { authorization },
      url: good.url,
    });
    await until(receiversAreKnown, 'the workers have seen the receivers');
    await audit({ kind: 'heal.stopped', at: Date.now(), by: 'skipper', reason: 'a test', outcome: 'ok' });
    await until(
      async () => (await everythingIn(world.redis.url)).includes('healing-stopped'),
      'the notification is queued',
    );
    const headers = { 'webhook-id': 'a', 'webhook-timestamp': '1', 'webhook-signature': 'v1,wrong' };
    const refused = await world.http('/api/hooks/release', { method: 'POST', headers, url: good.url });
    collected.set('the hook', refused.text);
    // Failures log the most: the proxy, the release server and Redis refuse and echo what they received.
    const bad = await world.startStandalone({
      flags: { ...flags, 'no-proxy': undefined, baseurl: inUrl('baseurl', 'http://releases.invalid') },
      env,
    });
    await world.deploy({ namespaces: ['canary'], force_bootstrap: true }, { authorization });
    await until(() => echo.seen.length > 2, 'the proxy got requests');
    const refusedByRedis = await world.startStandalone({
      flags: { ...flags, 'redis-url': inUrl('wrongPassword', world.redis.url) },
      env,
      unready: true,
    });
    await until(
      () => refusedByRedis.lines().some((line) => line.includes('WRONGPASS')),
      'Redis refuses the password',
    );
    for (const api of [good, bad, refusedByRedis]) {
      for (const path of pathsOf('canary', rollout.id, rollout.targets[0]?.jobId)) {
        for (const headers of [{}, { authorization }, { authorization: `Bearer ${CANARY}-wrong` }]) {
          const answer = await world.http(path, { url: api.url, headers: headers as Record<string, string> });
          collected.set(
            `${path} of ${api.url}`,
            answer.text +
              JSON.stringify([...answer.headers]) +
              (collected.get(`${path} of ${api.url}`) ?? ''),
          );
        }
      }
    }
    for (const each of [good, bad, refusedByRedis]) await each.stop();
    [good, bad, refusedByRedis].forEach((each, index) => {
      collected.set(`log ${index}`, each.lines().join('\n'));
    });
    collected.set('Redis, with jobs and their logs', await everythingIn(world.redis.url));
  });
  afterAll(() => Promise.all([echo?.close(), spans?.close()]));

  /** Receivers whose URLs, credentials, paths and secrets are planted, in the file and in files of their own. */
  async function writeReceivers(): Promise<string> {
    const urlFile = await writeInto(world, 'canary-url', `${echo.url}/services/T0/${CANARY}-urlFile/long`);
    const secretFile = await writeInto(world, 'canary-signature', secret('secretFile'));
    const wrongFile = await writeInto(world, 'canary-wrong', `${CANARY}-not-a-url`);
    return writeInto(
      world,
      'receivers.yaml',
      JSON.stringify({
        groupWait: '1ms',
        receivers: [
          { name: 'file', type: 'slack', urlFile },
          { name: 'signed', type: 'webhook', url: inUrl('receiver', echo.url), secretFile },
          { name: 'away', type: 'webhook', url: `http://127.0.0.1:1/hooks/${CANARY}-in-the-path` },
          { name: 'wrong', type: 'slack', urlFile: wrongFile },
        ],
      }),
    );
  }

  /** A receiver gets what happens after a worker has seen it first. */
  async function receiversAreKnown(): Promise<boolean> {
    const redis = new Redis(world.redis.url);
    const known = await redis.hlen('{skipper}:notify-cursors');
    redis.disconnect();
    return known === 4;
  }

  async function audit(entry: object): Promise<void> {
    const redis = new Redis(world.redis.url);
    await redis.xadd('{skipper}:audit', '*', 'e', JSON.stringify(entry));
    redis.disconnect();
  }

  function pathsOf(namespace: string, rollout: string, job = ''): string[] {
    const routes = ROUTES.filter(({ method, path }) => method === 'get' && !path.endsWith('/events'));
    return [
      ...routes.map(({ path }) => path.replace(':namespace', namespace).replace(':id', rollout)),
      '/',
      '/status',
      `/status/${namespace}`,
      '/readyz',
      '/_/metrics',
      '/api/openapi.json',
      '/queues/api/queues',
      `/queues/api/queues/deploy/${job}`,
      `/queues/api/queues/deploy/${job}/logs`,
      '/queues/api/queues?activeQueue=notifications',
      `/nowhere?token=${CANARY}`,
    ];
  }

  test('are planted in every setting that can hold a secret', () => {
    const rest = SETTING_NAMES.filter((name) => ![...PLANTED, ...REFUSED, ...FILES].includes(name));

    expect(rest.filter((name) => !HARMLESS.test(name))).toEqual([]);
  });

  test('appear in no log, page, response, job or Redis key', () => {
    const token = world.cluster.token;
    const found = [...collected].filter(([, text]) => text.includes(CANARY) || text.includes(token));

    expect(collected.size).toBeGreaterThan(50);
    expect(
      found.map(([where, text]) => [where, around(text, text.includes(token) ? token : CANARY)]),
    ).toEqual([]);
  });

  test('reach the server they are meant for', () => {
    const sent = echo.seen.join();

    expect(sent).toContain(Buffer.from(`user:${secret('receiver')}`).toString('base64'));
    expect(sent).toContain('webhook-signature');
    expect(sent).toContain(Buffer.from(`user:${secret('httpProxy')}`).toString('base64'));
    expect(world.channel.requests.size).toBeGreaterThan(0);
    expect(spans.seen.join()).toContain(CANARY);
  });

  test.each(REFUSED)('are refused in %s, which does not use credentials', async (name) => {
    const started = await world.startApi({
      flags: { [flagOf(name)]: inUrl(name, 'http://127.0.0.1:1') },
      unready: true,
    });
    const { code } = await started.exited;

    expect(code).toBe(1);
    expect(started.lines().join()).toContain(`--${flagOf(name)}: credentials in this URL are not used`);
    expect(started.lines().join()).not.toContain(CANARY);
  });

  test('an invalid --redis-url is refused by name, without its password', async () => {
    const port = await freePort();
    const started = await world.startApi({
      flags: { 'redis-url': `redis://:${CANARY}#/%@127.0.0.1:${port}` },
      unready: true,
    });
    const { code } = await started.exited;

    expect(code).toBe(1);
    expect(started.lines().join()).toMatch(/--redis-url: cannot be read as a URL: percent-encode/);
    expect(started.lines().join()).not.toContain(CANARY);
  });
});

function around(text: string, word: string): string {
  const at = text.indexOf(word);
  return text.slice(Math.max(0, at - 120), at + 60);
}
