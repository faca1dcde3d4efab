import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { OLDEST } from '../support/published.ts';
import { type RealWorld, startRealWorld, until } from '../support/real-world.ts';
import { type AuditEntry, type AuditLog, inNamespaces, openAuditLog } from './support/audit-log.ts';
import { describeCluster } from './support/cluster-suite.ts';
import { OLD as BETWEEN, IMAGE, STABLE as NEWER, readApplication } from './support/fdd-objects.ts';
import { metric, type SkipperPair, startSkipperPair } from './support/skipper-pair.ts';

const OLDEST_IMAGE = IMAGE.replace(NEWER, OLDEST);
/** A deadline and a budget that a busy machine does not reach: only what a test does ends or pauses a rollout. */
const POLICY =
  'release: {type: Progressive, canary: 1, waves: [100%], minSuccessTime: 1s, maxConcurrency: 100%, progressDeadline: 3m, maxFailures: 50%}\n';
const CONCURRENCY = 2;

interface Rollout {
  readonly id: string;
  readonly state: string;
  readonly stateReason?: string;
  readonly trigger: string;
  readonly releases: readonly { readonly channel: string; readonly version: string }[];
  readonly counts: Readonly<Record<string, number>>;
}

describeCluster('rollouts on a real control plane', { needsControllers: true }, () => {
  let world: RealWorld;
  let skipper: SkipperPair;
  let audit: AuditLog;

  beforeAll(async () => {
    world = await startRealWorld();
    audit = openAuditLog(world);
    const policy = join(world.folder, 'policy.yaml');
    await writeFile(policy, POLICY);
    skipper = await startSkipperPair(world, {
      flags: {
        'rollout-policy': policy,
        'disable-autoupdate': false,
        'release-check-interval': 1,
        concurrency: CONCURRENCY,
      },
    });
  });

  afterAll(async () => {
    await skipper?.stop();
    await world?.stop();
  });

  /** Namespaces with an older FDD, which follow a release channel of their own. */
  async function namespacesOn(channel: string, count: number): Promise<string[]> {
    world.channel.publish(channel, OLDEST);
    const names = Array.from({ length: count }, (_, index) => `team-${channel}-${index}`);
    // The release check must not find a namespace without an FDD.
    const installFdd = (namespace: string) => world.fdds.installFdd(namespace, { image: OLDEST_IMAGE });
    await Promise.all(names.map((name) => world.createNamespace(name, { tag: channel, before: installFdd })));
    await skipper.sees(...names);
    await until(
      `all on ${channel} run the older release`,
      () => skipper.status(),
      (rows) => names.every((name) => rows.some((row) => row.namespace === name && row.status === 'OK')),
    );
    await audit.mark();
    return names;
  }

  /** The writes of Applications since the mark, in order. */
  async function writesIn(namespaces: readonly string[]): Promise<readonly AuditEntry[]> {
    return inNamespaces(await audit.skipperRequests(), namespaces).filter(
      ({ verb, objectRef, responseStatus }) =>
        objectRef?.resource === 'applications' &&
        ['create', 'update', 'patch'].includes(verb) &&
        (responseStatus?.code ?? 500) < 300,
    );
  }

  async function rolloutOf(
    version: string,
    channel: string,
    isEnough: (rollout: Rollout) => boolean,
  ): Promise<Rollout> {
    const found = await until(
      `a rollout of ${version} on ${channel}`,
      async () => {
        const response = await fetch(`${skipper.api.url}/api/rollouts`);
        const { rollouts } = (await response.json()) as { rollouts: readonly Rollout[] };
        return rollouts.find(
          ({ trigger, releases }) =>
            trigger === 'release' &&
            releases.some((each) => each.channel === channel && each.version === version),
        );
      },
      (rollout) => rollout !== undefined && isEnough(rollout),
    );
    if (!found) throw new Error('not found');
    return found;
  }

  /** Otherwise the next test's namespaces join a rollout of the same release. */
  async function allHaveEnded(): Promise<void> {
    await until(
      'all rollouts have ended',
      async () => {
        const response = await fetch(`${skipper.api.url}/api/rollouts`);
        return ((await response.json()) as { rollouts: readonly Rollout[] }).rollouts;
      },
      (rollouts) => rollouts.every(({ state }) => !['pending', 'running', 'paused'].includes(state)),
    );
  }

  async function command(
    path: string,
    body: Readonly<Record<string, unknown>> = {},
  ): Promise<{ id: string }> {
    const response = await fetch(`${skipper.api.url}/api/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ reason: 'a test', ...body }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as { id: string };
  }

  async function imagesOf(namespaces: readonly string[]): Promise<Set<string>> {
    const applications = await Promise.all(namespaces.map((name) => readApplication(world.admin, name)));
    return new Set(applications.map(({ spec }) => spec.image.split(':').at(-1) ?? ''));
  }

  const checksDone = () => metric(skipper.worker, 'skipper_release_checks_total');

  /** At least one whole release check: another one can be in progress. */
  async function twoChecks(): Promise<void> {
    const before = await checksDone();
    await until('two release checks have ended', checksDone, (count) => count >= before + 2);
  }

  test('after a pause only the runs that have begun write, although dozens of jobs wait', async () => {
    const names = await namespacesOn('pause', 30);
    world.channel.publish('pause', NEWER);
    const { id } = await rolloutOf(
      NEWER,
      'pause',
      ({ counts }) => (counts.running ?? 0) + (counts.completed ?? 0) >= 4,
    );

    await command(`rollouts/${id}/pause`);
    const before = await writesIn(names);
    const rows = await until(
      'each namespace is done, or its job was held',
      async () => (await skipper.status()).filter(({ namespace }) => names.includes(namespace)),
      (rows) => rows.every(({ phase }) => phase === 'done' || phase === 'held'),
    );

    const held = rows.filter(({ phase }) => phase === 'held');
    const writes = await writesIn(names);
    expect(held.length).toBeGreaterThan(10);
    expect(writes).toHaveLength(names.length - held.length);
    expect(writes.length - before.length).toBeLessThanOrEqual(CONCURRENCY);

    await command(`rollouts/${id}/resume`);
    await rolloutOf(NEWER, 'pause', ({ state }) => state === 'completed');
    expect(await writesIn(names)).toHaveLength(names.length);
    expect(await imagesOf(names)).toEqual(new Set([NEWER]));
  });

  test('a newer release in mid-rollout reaches what was held back directly', async () => {
    const names = await namespacesOn('replace', 5);
    for (const name of names)
      world.fdds.misbehaviour.set(name, { kind: 'unschedulable' }, { version: BETWEEN });
    world.channel.publish('replace', BETWEEN);
    await rolloutOf(BETWEEN, 'replace', ({ counts }) => counts.running === 1);
    await until(
      'the canary is written',
      () => writesIn(names),
      ({ length }) => length === 1,
    );

    world.channel.publish('replace', NEWER);
    await rolloutOf(BETWEEN, 'replace', ({ counts }) => counts.superseded === names.length - 1);
    // Only now can the canary end, as usual: the release check after that updates it.
    for (const name of names) world.fdds.misbehaviour.clear(name);
    const isNewer = (images: Set<string>) => images.size === 1 && images.has(NEWER);
    await until('all have the newest release', () => imagesOf(names), isNewer);
    const older = await rolloutOf(BETWEEN, 'replace', ({ counts }) => counts.running === 0);

    expect(older.counts).toMatchObject({ superseded: names.length - 1, pending: 0 });
    const written = (await writesIn(names)).map(({ objectRef }) => objectRef?.namespace);
    const [canary] = written;
    expect(written.toSorted()).toEqual([...names, canary].toSorted());
  });

  test('a rollback holds its namespaces: release checks leave them alone until they are released', async () => {
    const names = await namespacesOn('rollback', 3);
    await allHaveEnded();
    world.channel.publish('rollback', NEWER);
    const { id } = await rolloutOf(NEWER, 'rollback', ({ state }) => state === 'completed');
    await audit.mark();

    const back = await command(`rollouts/${id}/rollback`);
    expect((await skipper.finished(back.id)).state).toBe('completed');
    await twoChecks();

    expect(await imagesOf(names)).toEqual(new Set([OLDEST]));
    expect(await writesIn(names)).toHaveLength(names.length);

    const [first = '', ...others] = names;
    await command(`namespaces/${first}/release`);
    await until(
      'it follows its channel again',
      () => imagesOf([first]),
      (images) => images.has(NEWER),
    );
    expect(await imagesOf(others)).toEqual(new Set([OLDEST]));
  });

  // The last one, with a release that no open rollout has: namespaces of other channels join a rollout of the same release.
  test('a release that crash-loops is written in its canary only', async () => {
    const names = await namespacesOn('bad', 5);
    for (const name of names) world.fdds.misbehaviour.set(name, { kind: 'crash-loop' }, { version: BETWEEN });
    world.channel.publish('bad', BETWEEN);

    const rollout = await rolloutOf(BETWEEN, 'bad', ({ state }) => state === 'paused');
    await twoChecks();

    expect(rollout.stateReason).toMatch(/^1 target of the canary failed/);
    const written = (await writesIn(names)).map(({ objectRef }) => objectRef?.namespace);
    expect(written).toHaveLength(1);
  });
});
