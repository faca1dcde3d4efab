import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createHardcodedSource } from '../../../../shared/releases/hardcoded-source.ts';
import { readOverride } from '../../../../shared/releases/read-override.ts';
import {
  createReleaseSource,
  type ReleaseSourceOptions,
} from '../../../../shared/releases/release-source.ts';
import { startChannelServer } from '../../../../simulator/channel-server.ts';
import { FIAAS_YML, IMAGE, silentLog, VERSION } from '../../../support/builders.ts';
import '../../../support/fake-one-realm.ts';
import {
  anOutbound,
  createFakeChannelStore,
  type FakeReleaseServer,
  startFakeReleaseServer,
} from '../../../support/fake-release-server.ts';

const STABLE = '/fiaas-deploy-daemon/stable.json';
const SPEC = '/artifacts/v1/fiaas.yml';
const MINUTE = 60_000;

let server: FakeReleaseServer;

beforeEach(async () => {
  server = await startFakeReleaseServer();
  server.answer(STABLE, metadata());
  server.answer(SPEC, 'version: 3\nreplicas: {minimum: 1}\n');
});

afterEach(() => server.close());

function metadata(overrides: object = {}): string {
  return JSON.stringify({ image: 'fiaas/fdd:v1', spec: `${server.url}${SPEC}`, updated: 'u1', ...overrides });
}

function open(overrides: Partial<ReleaseSourceOptions> = {}) {
  return createReleaseSource({
    baseUrl: server.url,
    timeoutMs: 2_000,
    override: {},
    egress: anOutbound({ baseUrl: server.url }),
    store: createFakeChannelStore(),
    log: silentLog,
    ...overrides,
  });
}

async function resolveOne(source: ReturnType<typeof open>, tag = 'stable') {
  const channel = (await source.resolve([tag])).get(tag);
  if (!channel) throw new Error(`${tag} was not resolved`);
  return channel;
}

describe('createReleaseSource', () => {
  test('reads a channel and its spec', async () => {
    const channel = await resolveOne(open({ now: () => 42 }));

    expect(channel).toEqual({
      tag: 'stable',
      release: { image: 'fiaas/fdd:v1', version: 'v1', config: { version: 3, replicas: { minimum: 1 } } },
      problem: undefined,
      checkedAt: 42,
      updated: 'u1',
    });
  });

  test('takes the last of duplicate keys in a spec, and logs them once', async () => {
    server.answer(SPEC, 'version: 3\nreplicas: 1\nreplicas: 2\n');
    const warned: unknown[] = [];
    const log = { ...silentLog, warn: (_fields: object, text: string) => warned.push(text) } as never;
    const source = open({ log });

    const channel = await resolveOne(source);
    await resolveOne(source);

    expect(channel.release?.config).toEqual({ version: 3, replicas: 2 });
    expect(warned).toEqual([
      `spec ${server.url}${SPEC} has "replicas" more than once: FDD reads the last one`,
    ]);
  });

  test('acceptance 4: fetches each channel once per run, even for concurrent callers', async () => {
    const source = open();

    await Promise.all([source.resolve(['stable', 'stable']), source.resolve(['stable'])]);

    expect([...server.requests].sort()).toEqual([SPEC, STABLE]);
  });

  test('acceptance 4: sends conditional requests, and none for the spec of an unchanged release', async () => {
    const source = open();
    const first = await resolveOne(source);

    const second = await resolveOne(source);

    expect(server.requests).toEqual([STABLE, SPEC, `${STABLE} 304`]);
    expect(second.release).toEqual(first.release);
  });

  test('revalidates the spec of an unchanged release after ten minutes', async () => {
    let now = 0;
    const source = open({ now: () => now });
    await resolveOne(source);

    now = 10 * MINUTE;
    await resolveOne(source);
    now = 11 * MINUTE;
    await resolveOne(source);

    expect(server.requests.filter((request) => request.startsWith(SPEC))).toEqual([SPEC, `${SPEC} 304`]);
  });

  test('reads a new release, and its spec', async () => {
    const source = open();
    await resolveOne(source);
    server.answer(STABLE, metadata({ image: 'fiaas/fdd:v2', spec: `${server.url}/v2.yml` }));
    server.answer('/v2.yml', 'version: 4');

    const channel = await resolveOne(source);

    expect(channel.release).toEqual({ image: 'fiaas/fdd:v2', version: 'v2', config: { version: 4 } });
  });

  test('merges the override into the spec', async () => {
    const channel = await resolveOne(open({ override: { replicas: null, extra: [1] } }));

    expect(channel.release?.config).toEqual({ version: 3, extra: [1] });
  });

  test('acceptance 3: reports a channel that does not exist, and reads the others', async () => {
    const channels = await open().resolve(['nowhere', 'stable']);

    expect(channels.get('nowhere')).toMatchObject({
      release: undefined,
      problem: { code: 'release_unknown', message: expect.stringContaining('"nowhere"') },
    });
    expect(channels.get('stable')?.problem).toBeUndefined();
  });

  test('does not fall back to the last release of a deleted channel', async () => {
    const source = open();
    await resolveOne(source);
    server.answer(STABLE, (response) => response.writeHead(404).end());

    expect(await resolveOne(source)).toMatchObject({
      release: undefined,
      problem: { code: 'release_unknown' },
    });
  });

  test('reports a missing spec as a problem of its channel', async () => {
    server.answer(STABLE, metadata({ spec: `${server.url}/gone.yml` }));

    expect(await resolveOne(open())).toMatchObject({
      release: undefined,
      problem: { code: 'not_found', message: expect.stringContaining('/gone.yml') },
    });
  });

  test.each<[string, Parameters<FakeReleaseServer['answer']>[1], string, RegExp]>([
    ['500', (response) => response.writeHead(500).end('boom'), 'release_source_unavailable', /HTTP 500/],
    ['429', (response) => response.writeHead(429).end(), 'release_source_unavailable', /HTTP 429/],
    ['a lost connection', (response) => response.destroy(), 'release_source_unavailable', /release source/],
    ['a hanging answer', () => undefined, 'release_source_unavailable', /within 3 s/],
    [
      'a body that never ends',
      (response) => {
        response.writeHead(200).write('{');
      },
      'release_source_unavailable',
      /within 3 s/,
    ],
    [
      'a body that is too large',
      (response) => response.end(' '.repeat(1024 * 1024 + 1)),
      'release_source_unavailable',
      /larger than/,
    ],
    ['a body that is not JSON', '<html>', 'invalid_release', /not JSON/],
    ['an empty body', '', 'invalid_release', /not JSON/],
    ['an image without a tag', '{"image":"fdd","spec":"http://x"}', 'invalid_release', /no tag/],
    [
      'a spec that is not an HTTP URL',
      '{"image":"fdd:1","spec":"file:///etc/passwd"}',
      'invalid_release',
      /not an http/,
    ],
    [
      'a redirect loop',
      (response) => response.writeHead(302, { location: STABLE }).end(),
      'release_source_unavailable',
      /redirects/,
    ],
    [
      'a redirect to a file',
      (response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      'invalid_release',
      /not followed/,
    ],
    [
      'a spec on another host',
      '{"image":"fdd:1","spec":"http://localhost:1/fiaas.yml"}',
      'invalid_release',
      /--release-allowed-hosts/,
    ],
  ])(
    'acceptance 4: keeps the last good release and reports the problem after %s',
    async (_what, answer, code, message) => {
      const timeoutMs = message.source.includes('within') ? 3_000 : 60_000;
      const source = open({ timeoutMs });
      const good = await resolveOne(source);
      const untouched = open({ timeoutMs });
      server.answer(STABLE, answer);

      const [known, unknown] = await Promise.all([resolveOne(source), resolveOne(untouched)]);

      const problem = { code, message: expect.stringMatching(message) };
      expect(unknown).toMatchObject({ release: undefined, problem });
      expect(known).toMatchObject({ release: good.release, checkedAt: good.checkedAt, problem });
    },
  );

  test('acceptance 4: keeps the last good release if only its spec fails', async () => {
    let now = 0;
    const source = open({ now: () => now });
    const good = await resolveOne(source);
    server.answer(SPEC, '- no mapping');

    now = 10 * MINUTE;
    const channel = await resolveOne(source);

    expect(channel).toMatchObject({ release: good.release, problem: { code: 'invalid_release' } });
  });

  test('follows a redirect', async () => {
    server.answer('/moved.json', metadata());
    server.answer(STABLE, (response) => response.writeHead(301, { location: '/moved.json' }).end());

    expect((await resolveOne(open())).release?.version).toBe('v1');
  });

  test('follows at most three redirects', async () => {
    server.answer(STABLE, (response) => response.writeHead(302, { location: STABLE }).end());

    await resolveOne(open());

    expect(server.requests).toEqual([STABLE, STABLE, STABLE, STABLE]);
  });

  test('accepts a base URL with a trailing slash', async () => {
    expect((await resolveOne(open({ baseUrl: `${server.url}/` }))).problem).toBeUndefined();
    expect(server.requests).toContain(STABLE);
  });

  test.each(['../../secret', '..', '%2e%2e', 'a/b', 'x?y'])(
    'sends no request for the tag %j',
    async (tag) => {
      const channel = await resolveOne(open(), tag);

      expect(channel.problem?.code).toBe('config_error');
      expect(server.requests).toEqual([]);
    },
  );

  test('acceptance 4: uses the release that another process stored if it starts during an outage', async () => {
    const store = createFakeChannelStore();
    const good = await resolveOne(open({ store }));
    server.answer(STABLE, (response) => response.writeHead(503).end());

    const channel = await resolveOne(open({ store }));

    expect(channel).toMatchObject({ release: good.release, problem: { code: 'release_source_unavailable' } });
  });

  test('sends conditional requests at the start, based on the channel that another process stored', async () => {
    const store = createFakeChannelStore();
    await resolveOne(open({ store }));

    await resolveOne(open({ store }));

    expect(server.requests).toEqual([STABLE, SPEC, `${STABLE} 304`]);
  });

  test.each([
    ['not JSON', '{'],
    ['in another format', '{"a":1}'],
    [
      'in this format, but with metadata that is no longer valid',
      JSON.stringify({
        metadata: { image: 'fdd', spec: 'http://x' },
        metadataText: '{"image":"fdd","spec":"http://x"}',
        specText: 'version: 3',
        validators: {},
        specValidators: {},
        specReadAt: 0,
        checkedAt: 0,
      }),
    ],
  ])('ignores a stored channel that is %s', async (_what, json) => {
    server.answer(STABLE, (response) => response.writeHead(500).end());
    const store = createFakeChannelStore(new Map([['stable', json]]));

    const channel = resolveOne(open({ store }));

    await expect(channel).resolves.toMatchObject({
      release: undefined,
      problem: { code: 'release_source_unavailable' },
    });
  });

  test('works without its store', async () => {
    const broken = {
      load: () => Promise.reject(new Error('Redis is down')),
      save: () => Promise.reject(new Error('Redis is down')),
    };

    expect((await resolveOne(open({ store: broken }))).release?.version).toBe('v1');
  });

  describe('on a directory', () => {
    const directory = fileTree({
      'fiaas-deploy-daemon/stable.json': JSON.stringify({
        image: 'fiaas/fdd:v1',
        spec: 'https://fiaas.github.io/releases/artifacts/v1/fiaas.yml',
      }),
      'fiaas-deploy-daemon/nospec.json': JSON.stringify({ image: 'fdd:v1', spec: 'https://x/none.yml' }),
      'fiaas-deploy-daemon/escape.json': JSON.stringify({ image: 'fdd:v1', spec: '../../../../etc/passwd' }),
      'artifacts/v1/fiaas.yml': 'version: 3',
    });

    test.each([
      ['a path', directory],
      ['a path with a trailing slash', `${directory}/`],
      ['a file: URL', `file://${directory}`],
    ])('acceptance 4: reads %s, and finds the spec by the end of its URL', async (_what, baseUrl) => {
      expect((await resolveOne(open({ baseUrl }))).release).toEqual({
        image: 'fiaas/fdd:v1',
        version: 'v1',
        config: { version: 3 },
      });
    });

    test.each([
      ['nowhere', 'release_unknown'],
      ['nospec', 'not_found'],
      ['escape', 'not_found'],
      ['../artifacts/v1/fiaas', 'config_error'],
    ])('reports the problem of the channel %s', async (tag, code) => {
      expect((await resolveOne(open({ baseUrl: directory }), tag)).problem?.code).toBe(code);
    });

    test('that does not exist: the source is unavailable, not every channel unknown', async () => {
      const channel = await resolveOne(open({ baseUrl: `${directory}/not-mounted` }));

      expect(channel.problem).toMatchObject({
        code: 'release_source_unavailable',
        message: expect.stringMatching(/not-mounted\/fiaas-deploy-daemon: the folder does not exist$/),
      });
    });

    test('reads replaced files', async () => {
      const changing = fileTree({
        'fiaas-deploy-daemon/stable.json': '{"image":"fdd:v1","spec":"https://x/fiaas.yml"}',
        'fiaas.yml': 'version: 3',
      });
      const source = open({ baseUrl: changing });
      await resolveOne(source);

      writeFileSync(
        join(changing, 'fiaas-deploy-daemon/stable.json'),
        '{"image":"fdd:v2","spec":"https://x/fiaas.yml"}',
      );

      expect((await resolveOne(source)).release?.version).toBe('v2');
    });
  });

  test('acceptance 3: reads actually published channels, including those named after a version', async () => {
    const published = await startChannelServer();
    const tags = ['stable', 'latest', '20190206110218-449abc6', '20190215094822-2ace0ea'];

    const channels = await open({ baseUrl: published.url }).resolve(tags);
    await published.close();

    expect([...channels.values()].map((channel) => channel.problem)).toEqual(tags.map(() => undefined));
    expect(channels.get('stable')?.release).toEqual({ image: IMAGE, version: VERSION, config: FIAAS_YML });
    expect(channels.get('20190206110218-449abc6')?.release?.version).toBe('20190206110218-449abc6');
  });
});

describe('createHardcodedSource', () => {
  const folder = fileTree({ 'fiaas.yml': 'version: 3\nmetrics: {a: 1}', 'broken.yml': '- a' });
  const spec = join(folder, 'fiaas.yml');

  test('returns the same release for every tag, and fetches nothing', async () => {
    const source = await createHardcodedSource('{"image":"registry:5000/fdd:v1.10.0"}', spec, {
      metrics: null,
    });

    const channels = await source.resolve(['stable', 'whatever', 'stable']);

    expect([...channels.keys()]).toEqual(['stable', 'whatever']);
    expect(channels.get('whatever')).toMatchObject({
      release: { image: 'registry:5000/fdd:v1.10.0', version: 'v1.10.0', config: { version: 3 } },
      problem: undefined,
    });
    expect(server.requests).toEqual([]);
  });

  test.each([
    ['metadata that is not JSON', '{', spec, /--release-channel-metadata/],
    ['metadata without an image', '{}', spec, /image/],
    ['an image without a tag', '{"image":"fdd"}', spec, /no tag/],
    ['a missing spec file', '{"image":"fdd:1"}', join(folder, 'none.yml'), /cannot be read/],
    ['a spec file that is not a mapping', '{"image":"fdd:1"}', join(folder, 'broken.yml'), /YAML mapping/],
  ])('rejects %s at startup', async (_what, json, file, message) => {
    await expect(createHardcodedSource(json, file, {})).rejects.toMatchObject({
      code: 'invalid_release',
      message: expect.stringMatching(message),
    });
  });
});

describe('readOverride', () => {
  const folder = fileTree({ 'good.yml': 'replicas: 2', 'empty.yml': '# nothing', 'broken.yml': 'a: {' });

  test.each([
    ['good.yml', { replicas: 2 }],
    ['empty.yml', {}],
    ['none.yml', {}],
    ['broken.yml', {}],
  ])('reads %s as %j', async (file, override) => {
    expect(await readOverride(join(folder, file), silentLog)).toEqual(override);
  });
});

function fileTree(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'skipper-releases-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}
