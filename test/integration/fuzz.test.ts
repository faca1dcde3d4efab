import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DeployBody } from '../../api/schemas.ts';
import { parseChannelMetadata, parseSpec } from '../../domain/release/release.ts';
import { CONFIG_MAPS, NAMESPACES, pathOf } from '../../shared/kubernetes/resources.ts';
import type { SkipperProcess } from '../../simulator/demo/skipper-process.ts';
import { type FakeReleaseServer, startFakeReleaseServer } from '../support/fake-release-server.ts';
import { isLong } from '../support/is-long.ts';
import { FDD, OLD } from '../support/published.ts';
import { type RawAnswer, type RawRequest, sendRaw } from '../support/raw-http.ts';
import { type Raw, useWorld, writeInto } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

/**
 * No input may cause a 5xx other than 503, a hang or a write. A failure prints its seed; `FUZZ_SEED=… npm test --
 * test/integration/fuzz.test.ts` repeats it, FUZZ_RUNS makes it longer, as `npm run test:long` does.
 */
const RUNS = Number(process.env.FUZZ_RUNS ?? (isLong ? 2_000 : 100));
const SEED = process.env.FUZZ_SEED === undefined ? {} : { seed: Number(process.env.FUZZ_SEED) };
const TOKEN = 'correct-horse-battery-staple';
const AUTHORIZED: readonly (readonly [string, string])[] = [['Authorization', `Bearer ${TOKEN}`]];
const JSON_TYPE: readonly (readonly [string, string])[] = [['Content-Type', 'application/json']];

let releases: FakeReleaseServer;
let skipper: SkipperProcess;

const world = useWorld({ processes: true }, async (opened) => {
  releases = await startFakeReleaseServer();
  opened.onClose(releases.close);
  const token = await writeInto(opened, 'token', TOKEN);
  skipper = await opened.startStandalone({
    flags: { 'auth-token-file': token, baseurl: releases.url, 'disable-autoupdate': false },
  });
  // No channel can be read, and updates are automatic: a rollout begins only if bad input was accepted or trusted.
  await opened.addNamespace('team-a', { fdd: OLD });
});

beforeAll(untouched);
afterEach(untouched);

function fuzz(runs = RUNS) {
  return { ...SEED, numRuns: runs, endOnFailure: true };
}

async function untouched(): Promise<void> {
  expect(world.changes('team-a')).toEqual([]);
  expect((await world.http('/healthz')).status).toBe(200);
  expect((await world.http('/api/rollouts')).body.rollouts).toEqual([]);
}

async function send(request: RawRequest): Promise<RawAnswer> {
  const answer = await sendRaw(skipper.url, request);
  if (!world.running().includes(skipper))
    throw new Error(skipper.lines().slice(-20).join('\n').slice(0, 4_000));
  if (answer.status >= 500 && answer.status !== 503 && answer.status !== 501 && answer.status !== 505) {
    throw new Error(`${answer.status}: ${answer.text.slice(0, 2_000)}`);
  }
  return answer;
}

const anyBytes = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ maxLength: 60 }));
/** Any byte except those that would end the header. */
const anyHeaderValue = fc.oneof(
  anyBytes.map((bytes) => bytes.toString('latin1').replace(/[\r\n\0]/g, '')),
  fc.integer({ min: 1, max: 40_000 }).map((length) => 'x'.repeat(length)),
  fc.constantFrom(
    '',
    ' ',
    '*',
    '-1',
    '0',
    'null',
    '[]',
    '{}',
    '%',
    '\\',
    '"',
    "' OR 1=1",
    '../../etc/passwd',
    '__proto__',
  ),
);

describe('POST /api/deploy', () => {
  const strangeKey = fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'namespace',
    '',
    'dry_run',
    'then',
  );
  const knownKey = fc.constantFrom(
    'namespaces',
    'force_bootstrap',
    'force-bootstrap',
    'dry_run',
    'omit_steps',
  );
  const strangeBody = fc.oneof(
    fc.json({ maxDepth: 4 }),
    fc
      .array(fc.tuple(fc.oneof(knownKey, knownKey, strangeKey), fc.json({ maxDepth: 3 })), { maxLength: 4 })
      .map((entries) => `{${entries.map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(',')}}`),
    fc.array(anyText, { minLength: 1 }).map((namespaces) => JSON.stringify({ namespaces })),
    fc.constantFrom('[', '{"a":', '{"namespaces":').map((part) => part.repeat(50_000)),
    fc.integer({ min: 1, max: 300_000 }).map((count) => `{"namespaces":[${Array(count).fill(1).join(',')}]}`),
    fc.constant(JSON.stringify({ namespaces: Array(100_000).fill('team-b') })),
    fc.integer({ min: 2, max: 3 }).map((mebibytes) => ' '.repeat(mebibytes * 1024 * 1024)),
  );

  test('refuses anything that is not a valid request, and does nothing', async () => {
    const body = fc.oneof(
      strangeBody.map((text) => Buffer.from(text)),
      anyBytes,
    );
    await fc.assert(
      fc.asyncProperty(body, async (bytes) => {
        fc.pre(!isRequest(bytes.toString('utf8')));
        const headers = [...AUTHORIZED, ...JSON_TYPE];
        const { status, text } = await send({ method: 'POST', path: '/api/deploy', headers, body: bytes });

        expect([400, 413]).toContain(status);
        expect(text.length).toBeLessThan(64 * 1024);
      }),
      fuzz(),
    );
  });

  /** All namespaces, or some that exist: that is a valid request. */
  function isRequest(text: string): boolean {
    if (text.trim() === '') return Buffer.byteLength(text) <= 2 * 1024 * 1024;
    try {
      const { data } = DeployBody.safeParse(JSON.parse(text));
      return (
        data !== undefined &&
        (data.namespaces === undefined || data.namespaces.every((name) => name === 'team-a'))
      );
    } catch {
      return false;
    }
  }

  test('survives any header', async () => {
    const name = fc.constantFrom(
      ...[
        'Idempotency-Key',
        'Authorization',
        'Content-Type',
        'Content-Encoding',
        'Host',
        'Origin',
        'Cookie',
        'Accept',
      ],
      ...[
        'traceparent',
        'tracestate',
        'baggage',
        'Sec-Fetch-Site',
        'X-Forwarded-For',
        'If-None-Match',
        'Range',
        'Expect',
      ],
      ...[
        'Accept-Encoding',
        'Transfer-Encoding',
        'Upgrade',
        'X-Requested-With',
        'X-HTTP-Method-Override',
        'Forwarded',
      ],
    );
    const headers = fc.array(fc.tuple(name, anyHeaderValue), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(headers, fc.boolean(), async (given, hasToken) => {
        const all = [...(hasToken ? AUTHORIZED : []), ...JSON_TYPE, ...given];
        const body = Buffer.from('{"dry_run":true}');
        const { status } = await send({ method: 'POST', path: '/api/deploy', headers: all, body });

        if (!hasToken) expect(status).not.toBe(200);
      }),
      fuzz(),
    );
  });
});

describe('any path', () => {
  const segment = fc.oneof(
    fc.constantFrom(
      'api',
      'queues',
      'view',
      'status',
      'assets',
      'fleet',
      'namespaces',
      'deployments',
      'releases',
      '_',
    ),
    fc.constantFrom(
      '..',
      '.',
      '%2e%2e',
      '..%2f..',
      '%00',
      '%',
      '%zz',
      '%c0%af',
      '%ff',
      '',
      ';',
      '__proto__',
      'constructor',
    ),
    fc.constantFrom(
      'team-a',
      'deploy',
      'check',
      'objects',
      'events',
      'metrics',
      'queue',
      '1',
      '-1',
      '1e999',
      '\\',
      '@',
    ),
    anyText.map(encodeURIComponentOf),
    fc.integer({ min: 1, max: 9_000 }).map((length) => 'x'.repeat(length)),
  );
  const query = fc.oneof(
    fc.constant(''),
    fc
      .array(fc.tuple(segment, segment), { maxLength: 4 })
      .map((pairs) => `?${pairs.map((pair) => pair.join('=')).join('&')}`),
    fc.constantFrom(
      '?since=',
      '?since=.',
      '?since=a.-1',
      '?since=a.1e99',
      '?since[]=1',
      '?since[a][b]=1',
      '?q[__proto__][x]=1',
    ),
    fc.constantFrom(
      '?page=-1&activeQueue=deploy',
      '?page=1e9&status=__proto__',
      `?${'a[b]'.repeat(1_000)}=1`,
    ),
  );
  const method = fc.constantFrom(
    'GET',
    'GET',
    'HEAD',
    'POST',
    'PUT',
    'PATCH',
    'DELETE',
    'OPTIONS',
    'TRACE',
    'PROPFIND',
    'FOO',
  );

  test('gets a response, and changes nothing without the token', async () => {
    const path = fc.tuple(fc.array(segment, { maxLength: 6 }), query);
    await fc.assert(
      fc.asyncProperty(method, path, async (verb, [segments, suffix]) => {
        await send({ method: verb, path: `/${segments.join('/')}${suffix}`, headOnly: true });
      }),
      fuzz(2 * RUNS),
    );
  });

  test('with any position in the feed gets a stream', async () => {
    const positions = fc.oneof(
      anyHeaderValue,
      fc.tuple(anyText, fc.double()).map(([epoch, at]) => `${epoch.replace(/[^!-~]/g, '')}.${at}`),
    );
    await fc.assert(
      fc.asyncProperty(positions, async (position) => {
        const headers = [['Last-Event-ID', position]] as const;
        const { status } = await send({ method: 'GET', path: '/api/fleet/events', headers, headOnly: true });

        expect([200, 400, 431]).toContain(status);
      }),
      fuzz(),
    );
  });
});

describe('a ConfigMap', () => {
  const yaml = fc.oneof(
    anyText,
    fc.json({ maxDepth: 3 }),
    fc
      .array(
        fc.constantFrom('a: ', '- ', '[', '{', '&a ', '*a', '<<: ', '\n', '!!binary ', '"', '%', '|\n', '  '),
        { maxLength: 30 },
      )
      .map((parts) => parts.join('')),
    fc
      .constantFrom('[', '{', '- ', '? ', '{a: ', '\n', '%', '- a\n', 'k: 1\n', '"')
      .map((part) => part.repeat(150_000).slice(0, 600_000)),
    fc.constantFrom(
      '__proto__: {a: 1}',
      'a: &a [*a]',
      'constructor: {prototype: {a: 1}}',
      'log-format: [1]\nenvironment: {}',
    ),
  );
  const data = fc.dictionary(
    fc.constantFrom('tag', 'cluster_config.yaml', 'cluster_config.yaml', 'other'),
    fc.oneof(
      { weight: 3, arbitrary: yaml },
      { weight: 1, arbitrary: fc.constantFrom('stable', 'latest', '..', '../x', 'a/b', '%2e') },
    ),
  );
  const labels = fc.dictionary(
    fc.constantFrom('app', 'fiaas/version', 'constructor', 'a.b/c'),
    fc.constantFrom(FDD, 'x', '', 'constructor', '1'),
  );
  let count = 0;

  test('with any content affects its own namespace at most', async () => {
    const configMaps = fc.array(fc.tuple(data, labels), { minLength: 10, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(configMaps, async (given) => {
        const names = await Promise.all(given.map(([content, marks]) => addConfigMap(content, marks)));
        const known = await until(async () => {
          const rows: Raw[] = (await world.http('/api/status')).body;
          const seen = new Map(rows.map((row) => [row.namespace, row.status]));
          return names.every((name) => seen.has(name)) && seen;
        }, 'the namespaces are seen');

        for (const name of names) {
          expect(['CONFIG_ERROR', 'NOT_FOUND']).toContain(known.get(name));
          for (const path of [
            `/api/namespaces/${name}`,
            `/api/namespaces/${name}/objects`,
            `/status/${name}`,
          ]) {
            const headers = { authorization: `Bearer ${TOKEN}` };
            expect([path, (await world.http(path, { headers })).status]).toEqual([path, 200]);
          }
        }
        for (const path of ['/status', '/api/fleet', '/_/metrics', '/queues/api/queues?activeQueue=fleet']) {
          expect([path, (await world.http(path)).status]).toEqual([path, 200]);
        }
        await Promise.all(names.map((name) => world.removeNamespace(name)));
      }),
      fuzz(Math.ceil(RUNS / 20)),
    );
  });

  async function addConfigMap(content: Raw, marks: Raw): Promise<string> {
    count += 1;
    const name = `fuzzed-${count}`;
    await world.kube.create(NAMESPACES, undefined, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
    });
    await world.kube.request({
      method: 'POST',
      path: pathOf(CONFIG_MAPS, { namespace: name }),
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: FDD, labels: marks }, data: content },
    });
    return name;
  }
});

describe('a release channel', () => {
  const url = () => releases.url;
  const brokenMetadata = fc
    .oneof(
      fc.json(),
      anyText,
      fc
        .record({ image: fc.oneof(fc.jsonValue(), anyText), spec: fc.oneof(fc.jsonValue(), anyText) })
        .map((each) => JSON.stringify(each)),
      fc.constantFrom('[', '{"image":', '9').map((part) => part.repeat(100_000)),
    )
    .filter((text) => !parseChannelMetadata(text).ok || !JSON.parse(text).spec.startsWith('http'));
  const brokenSpec = fc
    .oneof(
      anyText,
      fc
        .constantFrom('[', '{', '- ', '? ', '{a: ', '\n', '%', '- a\n', '"')
        .map((part) => part.repeat(300_000).slice(0, 1_000_000)),
      fc.constant(
        `a: &a [x,x,x,x]\n${'bcdefghi'
          .split('')
          .map((key, index) => `${key}: &${key} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(',')}]`)
          .join('\n')}`,
      ),
      fc.constantFrom('a: &a [*a]', '1', '[]', 'null', '"', 'a: b: c'),
    )
    .filter((text) => !parseSpec(text).ok);

  test('that is broken is reported, and nothing is deployed', async () => {
    const channel = fc.oneof(
      brokenMetadata.map((metadata) => ({ metadata: () => metadata, spec: 'version: 3' })),
      brokenSpec.map((spec) => ({
        metadata: () => JSON.stringify({ image: 'fiaas/x:1', spec: `${url()}/spec` }),
        spec,
      })),
    );
    let round = 0;
    await fc.assert(
      fc.asyncProperty(channel, async ({ metadata, spec }) => {
        round += 1;
        const tag = `fuzz-${round}`;
        releases.answer(`/fiaas-deploy-daemon/${tag}.json`, metadata());
        releases.answer('/spec', spec);
        await world.addNamespace(tag, { tag });
        const planned = await world.http('/api/deploy', {
          method: 'POST',
          body: { namespaces: [tag], dry_run: true },
          headers: { authorization: `Bearer ${TOKEN}` },
        });

        expect(planned.status).toBe(200);
        expect(planned.body.targets).toMatchObject([
          { action: 'refuse', reason: expect.stringMatching(/./) },
        ]);
        expect(planned.text.length).toBeLessThan(8_000);
        expect(world.changes(tag)).toEqual([]);
        await world.removeNamespace(tag);
      }),
      fuzz(),
    );
  });

  test('that is broken ends the release check, which reports it', async () => {
    releases.answer(
      '/fiaas-deploy-daemon/broken.json',
      JSON.stringify({ image: 'fiaas/x:1', spec: `${url()}/bomb` }),
    );
    releases.answer('/bomb', '{'.repeat(900_000));
    await world.addNamespace('on-broken', { tag: 'broken', fdd: OLD });
    const headers = { authorization: `Bearer ${TOKEN}` };

    expect((await world.http('/api/releases/check', { method: 'POST', headers })).status).toBe(202);
    const reported = await until(async () => {
      const { channels } = (await world.http('/api/releases')).body as Raw;
      return channels.find((each: Raw) => each.channel === 'broken' && each.problem !== undefined);
    }, 'the problem is reported');

    expect(reported.problem).toMatch(/nested/);
    expect(world.changes('on-broken')).toEqual([]);
  });
});

function encodeURIComponentOf(text: string): string {
  return encodeURIComponent(text.replace(/[\uD800-\uDFFF]/g, ''));
}
