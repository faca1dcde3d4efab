import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { PUBLISHED_CONFIG } from '../../simulator/fdd/published-config.ts';
import { FDD, NEW, OLD } from '../support/published.ts';
import { type Raw, useWorld, writeInto } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const world = useWorld({}, async (opened) => {
  await opened.startApi();
  await opened.startWorker();
  // The check at the start would read the channels, too, while a test counts who reads them.
  await until(async () => {
    const { body } = await opened.http('/queues/api/queues?activeQueue=release-check&status=completed');
    const { jobs } = body.queues.find(({ name }: Raw) => name === 'release-check');
    return jobs.some(({ name }: Raw) => name === 'release-check');
  }, 'the first release check has ended');
});

afterEach(() => world.channel.faults.clear());

function requestsOf(path: string): number {
  return world.channel.requests.get(path) ?? 0;
}

function metadataOf(tag: string): string {
  return `/fiaas-deploy-daemon/${tag}.json`;
}

describe('release channels', () => {
  test('acceptance 4: a rollout reads each channel once, however many namespaces use it', async () => {
    const stable = await world.addNamespaces('many', 8);
    const latest = await world.addNamespaces('lately', 4, { tag: 'latest' });
    const before = [requestsOf(metadataOf('stable')), requestsOf(metadataOf('latest'))];

    const { id } = await world.deploy({ namespaces: [...stable, ...latest] });
    await world.rolloutFinished(id);

    expect(requestsOf(metadataOf('stable')) - (before[0] ?? 0)).toBe(1);
    expect(requestsOf(metadataOf('latest')) - (before[1] ?? 0)).toBe(1);
  });

  test('requests are conditional, and an unchanged spec is not read again', async () => {
    const server = await startRecordingChannel();
    await world.addNamespace('conditional');

    await world.withApi({ flags: { baseurl: server.url, 'redis-prefix': 'conditional' } }, async () => {
      for (let round = 0; round < 2; round += 1) {
        expect((await plan('conditional')).targets[0].version).toBe('v1.10.0');
      }
    });

    await server.close();
    expect(server.requests.filter(({ path }) => path.endsWith('.json'))).toEqual([
      { path: metadataOf('stable'), etag: undefined },
      { path: metadataOf('stable'), etag: '"one"' },
    ]);
    expect(server.requests.filter(({ path }) => path.endsWith('.yml'))).toHaveLength(1);
  });

  test('acceptance 3: an unknown tag fails only its own namespace, with the reason', async () => {
    await world.addNamespace('unknown-tag', { tag: 'no-such-channel' });
    await world.addNamespace('beside-unknown');

    const { id } = await world.deploy({ namespaces: ['unknown-tag', 'beside-unknown'] });
    const { targets } = await world.rolloutFinished(id);

    expect(targets.find(({ namespace }) => namespace === 'unknown-tag')).toMatchObject({
      state: 'failed',
      code: 'release_unknown',
      reason: expect.stringContaining('"no-such-channel" does not exist'),
    });
    expect(targets.find(({ namespace }) => namespace === 'beside-unknown')).toMatchObject({
      state: 'completed',
    });
  });

  test('acceptance 3: a tag that names a published version pins it', async () => {
    await world.addNamespace('pinned', { tag: OLD });

    const target = await world.deployed('pinned');

    expect(target).toMatchObject({ state: 'completed', version: OLD });
    expect((await world.application('pinned')).spec.image).toBe(`fiaas/fiaas-deploy-daemon:${OLD}`);
  });

  test.each([
    ['answers 503', { kind: 'status', status: 503 }],
    ['cuts the response', { kind: 'truncated' }],
    ['sends half of the JSON', { kind: 'invalid-json' }],
    ['sends an empty response', { kind: 'empty' }],
    ['sends an endless response', { kind: 'oversized' }],
    ['redirects forever', { kind: 'redirect-loop' }],
  ] as const)('acceptance 4: the last good release is deployed while its server %s', async (_what, fault) => {
    const namespace = `outage-${fault.kind}`;
    await world.addNamespace(namespace);
    await plan(namespace);
    world.channel.faults.set('*', fault);

    const target = await world.deployed(namespace);

    expect(target).toMatchObject({ state: 'completed', version: NEW });
    expect((await world.http('/api/status')).status).toBe(200);
  });

  test('acceptance 4: the last good release is deployed while its server never answers', async () => {
    await world.addNamespace('outage-hang');
    await plan('outage-hang');
    world.channel.faults.set('*', { kind: 'hang' });

    const target = await world.withApi({ flags: { 'release-timeout': 1 } }, () =>
      world.deployed('outage-hang'),
    );

    expect(target).toMatchObject({ state: 'completed', version: NEW });
  });

  test('acceptance 4: the last good release outlives the process that read it', async () => {
    await world.addNamespace('outage-restart');
    await plan('outage-restart');
    world.channel.faults.set('*', { kind: 'status', status: 500 });

    const target = await world.withApi({}, () => world.deployed('outage-restart'));

    expect(target).toMatchObject({ state: 'completed', version: NEW });
  });

  test('a channel that was never read and cannot be read fails its namespaces with the reason', async () => {
    await world.addNamespace('never-read', { tag: 'never-read' });
    world.channel.faults.set(metadataOf('never-read'), { kind: 'status', status: 502 });

    expect(await world.deployed('never-read')).toMatchObject({
      state: 'failed',
      code: 'release_source_unavailable',
      reason: expect.stringContaining('HTTP 502'),
    });
  });

  test('a new release in a channel is deployed by the next request', async () => {
    await world.addNamespace('moving', { tag: 'moving' });
    world.channel.publish('moving', OLD);
    expect(await world.deployed('moving')).toMatchObject({ version: OLD, outcome: 'bootstrapped' });

    world.channel.publish('moving', NEW);

    expect(await world.deployed('moving')).toMatchObject({
      version: NEW,
      outcome: 'updated',
      state: 'completed',
    });
  });
});

describe('other sources of releases', () => {
  test.each([
    ['directory', (folder: string) => folder],
    ['file: URL', (folder: string) => `file://${folder}`],
  ])('a %s works without a release server', async (_what, baseOf) => {
    const namespace = `offline-${_what.slice(0, 4)}`;
    const folder = await releaseFolder(namespace, namespace, `registry:5000/fiaas/${FDD}:v1.10.0`);
    await world.addNamespace(namespace, { tag: namespace });

    const target = await world.withApi({ flags: { baseurl: baseOf(folder) } }, () =>
      world.deployed(namespace),
    );

    expect(target).toMatchObject({ state: 'completed', version: 'v1.10.0' });
  });

  test('acceptance 17: an image with a registry port is deployed once, and then counts as unchanged', async () => {
    const image = `registry.example.com:5000/fiaas/${FDD}:v1.10.0`;
    const folder = await releaseFolder('ported', 'ported', image);
    await world.addNamespace('ported', { tag: 'ported' });

    const [first, second] = await world.withApi({ flags: { baseurl: folder } }, async () => [
      await world.deployed('ported'),
      await world.deployed('ported'),
    ]);

    const [row] = (await world.http('/api/status')).body.filter((each: Raw) => each.namespace === 'ported');
    expect(first).toMatchObject({ state: 'completed', outcome: 'bootstrapped', version: 'v1.10.0' });
    expect(second).toMatchObject({ state: 'completed', outcome: 'unchanged' });
    expect(row).toMatchObject({ status: 'OK', version: 'v1.10.0' });
    expect((await world.application('ported')).spec.image).toBe(image);
  });

  test('acceptance 17: images that FDD cannot deploy are refused, each with a reason', async () => {
    const images = {
      digest: [`fiaas/${FDD}@sha256:${'0'.repeat(64)}`, /digest/],
      untagged: [`fiaas/${FDD}`, /no tag/],
      'port-only': [`host:5000/${FDD}`, /no tag/],
      'long-tag': [`fiaas/${FDD}:${'a'.repeat(64)}`, /not a valid label value/],
    } as const;
    let folder = '';
    for (const [tag, [image]] of Object.entries(images)) {
      folder = await releaseFolder('refused', tag, image);
      await world.addNamespace(`refused-${tag}`, { tag });
    }

    const { targets } = await world.withApi({ flags: { baseurl: folder } }, async () => {
      const namespaces = Object.keys(images).map((tag) => `refused-${tag}`);
      return world.rolloutFinished((await world.deploy({ namespaces })).id);
    });

    for (const [tag, [, reason]] of Object.entries(images)) {
      expect(targets.find(({ namespace }) => namespace === `refused-${tag}`)).toMatchObject({
        state: 'failed',
        code: 'invalid_release',
        reason: expect.stringMatching(reason),
      });
      expect(world.changes(`refused-${tag}`)).toEqual([]);
    }
  });

  test('hardcoded metadata is used for every tag, and nothing is fetched', async () => {
    const spec = await writeInto(world, 'hardcoded.yml', 'version: 3\nreplicas: {minimum: 1, maximum: 1}\n');
    const metadata = JSON.stringify({ image: `fiaas/${FDD}:v1.9.0` });
    const flags = { 'release-channel-metadata': metadata, 'release-channel-metadata-spec': spec };
    const before = [...world.channel.requests.values()].reduce((sum, count) => sum + count, 0);
    await world.addNamespace('hardcoded', { tag: 'whatever' });

    const target = await world.withApi({ flags }, () => world.deployed('hardcoded'));

    expect(target).toMatchObject({ state: 'completed', version: 'v1.9.0' });
    expect((await world.application('hardcoded')).spec.config).toEqual({
      version: 3,
      replicas: { minimum: 1, maximum: 1 },
    });
    const after = [...world.channel.requests.values()].reduce((sum, count) => sum + count, 0);
    expect(after).toBe(before);
  });

  test("an override file replaces the channel's top-level keys, and null drops one", async () => {
    const override = await writeInto(
      world,
      'override.yaml',
      'replicas: {maximum: 1}\nadmin_access: null\nlabels: {global: {team: fiaas}}\n',
    );
    await world.addNamespace('overridden');

    await world.withApi({ flags: { 'spec-file-override': override } }, () => world.deployed('overridden'));

    const { admin_access: _dropped, ...rest } = PUBLISHED_CONFIG;
    expect((await world.application('overridden')).spec.config).toEqual({
      ...rest,
      replicas: { maximum: 1 },
      labels: { global: { team: 'fiaas' } },
    });
  });
});

async function plan(namespace: string): Promise<Raw> {
  return (
    await world.http('/api/deploy', { method: 'POST', body: { namespaces: [namespace], dry_run: true } })
  ).body;
}

interface RecordingChannel {
  readonly url: string;
  readonly requests: { readonly path: string; readonly etag: string | undefined }[];
  close(): Promise<void>;
}

async function startRecordingChannel(): Promise<RecordingChannel> {
  const requests: RecordingChannel['requests'] = [];
  const server: Server = createServer((request, response) => {
    const path = request.url ?? '';
    const etag = request.headers['if-none-match'];
    requests.push({ path, etag });
    if (etag === '"one"') response.writeHead(304, { etag }).end();
    else if (path.endsWith('.yml')) response.writeHead(200, { etag: '"one"' }).end('version: 3\n');
    else {
      const metadata = { image: `fiaas/${FDD}:v1.10.0`, spec: `http://${request.headers.host}/fiaas.yml` };
      response.writeHead(200, { etag: '"one"' }).end(JSON.stringify(metadata));
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A mirrored release folder: metadata with the published URL, and the spec below it. */
async function releaseFolder(name: string, tag: string, image: string): Promise<string> {
  const folder = join(world.folder, `releases-${name}`);
  await mkdir(join(folder, 'fiaas-deploy-daemon'), { recursive: true });
  await mkdir(join(folder, 'artifacts', 'one'), { recursive: true });
  const metadata = { image, spec: 'https://fiaas.github.io/releases/artifacts/one/fiaas.yml' };
  await writeFile(join(folder, 'fiaas-deploy-daemon', `${tag}.json`), JSON.stringify(metadata));
  await writeFile(join(folder, 'artifacts', 'one', 'fiaas.yml'), 'version: 3\n');
  return folder;
}
