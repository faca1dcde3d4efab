import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  CONFIG_MAPS,
  CUSTOM_RESOURCE_DEFINITIONS,
  NAMESPACES,
  pathOf,
} from '../../shared/kubernetes/resources.ts';
import {
  type RealWorld,
  SKIPPER_NAMESPACE,
  startRealWorld,
  until,
  WORKER_ACCOUNT,
} from '../support/real-world.ts';
import { type ApiServerProcess, compactEtcd, findApiServer } from './support/api-server-process.ts';
import { openAuditLog } from './support/audit-log.ts';
import { describeCluster } from './support/cluster-suite.ts';
import { startCuttableProxy } from './support/cuttable-proxy.ts';
import { FDD, IMAGE, OLD_IMAGE, readApplication } from './support/fdd-objects.ts';
import { metric, type SkipperPair, startSkipperPair } from './support/skipper-pair.ts';

describeCluster('disruptions of a real control plane', { needsControllers: true }, () => {
  let world: RealWorld;
  let apiServer: ApiServerProcess;

  beforeAll(async () => {
    world = await startRealWorld();
    apiServer = await findApiServer(world);
  });

  afterAll(async () => {
    await apiServer?.stop();
    await world?.stop();
  });

  async function withPair(
    options: Parameters<typeof startSkipperPair>[1],
    use: (pair: SkipperPair) => Promise<void>,
  ): Promise<void> {
    const pair = await startSkipperPair(world, options);
    try {
      await use(pair);
    } finally {
      await pair.stop();
    }
  }

  async function namespacesWithOldFdd(prefix: string, count: number): Promise<readonly string[]> {
    const names = Array.from({ length: count }, (_, index) => `team-${prefix}-${index}`);
    await Promise.all(
      names.map(async (name) => {
        await world.createNamespace(name);
        await world.fdds.installFdd(name, { image: OLD_IMAGE });
      }),
    );
    return names;
  }

  function statesOf(targets: Readonly<Record<string, { readonly state: string }>>): readonly string[] {
    return Object.values(targets).map(({ state }) => state);
  }

  test('CRDs that change during a rollout (429, ended watches) fail no deploy', async () => {
    const names = await namespacesWithOldFdd('crd', 8);
    await withPair({ flags: { concurrency: 3 } }, async (pair) => {
      await pair.sees(...names);
      const { id } = await pair.post({ namespaces: names });
      for (let changes = 0; changes < 5; changes += 1) {
        await touchCrd(`change ${changes}`);
        await until(
          'one more namespace is deployed',
          () => pair.rollout(id),
          ({ targets }) => targets.filter(({ state }) => state === 'completed').length > changes,
        );
      }

      const { targets } = await pair.finished(id);

      expect(targets.map(({ state }) => state)).toEqual(names.map(() => 'completed'));
      for (const name of names) expect((await readApplication(world.admin, name)).spec.image).toBe(IMAGE);
    });
  });

  /** A changed schema makes the API server rebuild the storage of applications. */
  async function touchCrd(description: string): Promise<void> {
    await world.admin.request({
      method: 'PATCH',
      patchType: 'json',
      path: pathOf(CUSTOM_RESOURCE_DEFINITIONS, { name: 'applications.fiaas.schibsted.io' }),
      body: [{ op: 'add', path: '/spec/versions/0/schema/openAPIV3Schema/description', value: description }],
    });
  }

  test('a rollout continues after the API server was killed and started again', async () => {
    const names = await namespacesWithOldFdd('crash', 8);
    const [hanging = ''] = names;
    // So that the rollout has not ended when the API server is killed, however slow this test is.
    world.fdds.misbehaviour.set(hanging, { kind: 'hang' });
    // Retries so often that requests also hit the API server while it starts.
    const flags = {
      concurrency: 3,
      'retry-backoff-base': 0.1,
      'retry-backoff-cap': 0.3,
      'max-attempts': 100,
    };
    await withPair({ flags, processes: true }, async (pair) => {
      await pair.sees(...names);
      const { id } = await pair.post({ namespaces: names });
      await until(
        'some namespaces are deployed, others are not',
        () => pair.rollout(id),
        ({ targets }) => targets.some(({ state }) => state === 'completed'),
      );

      await apiServer.kill();
      const meanwhile = await pair.rollout(id);
      await apiServer.start();
      world.fdds.misbehaviour.clear(hanging);
      const { state, targets } = await pair.finished(id);

      expect(meanwhile.state).toBe('running');
      expect(targets.filter((target) => target.state !== 'completed')).toEqual([]);
      expect(state).toBe('completed');
      expect(await isAlive(pair)).toBe(true);
    });
  });

  async function isAlive({ api, worker }: SkipperPair): Promise<boolean> {
    const answers = await Promise.all([api, worker].map(({ url }) => fetch(`${url}/healthz`)));
    return answers.every(({ ok }) => ok);
  }

  test('after compaction the watches get a 410, list again, and see what was deleted meanwhile', async () => {
    const kept = await world.createNamespace('team-kept');
    const removed = await world.createNamespace('team-removed');
    await withPair({ processes: true }, async (pair) => {
      await pair.sees(kept, removed);
      const before = await metric(pair.worker, 'skipper_watch_lists_total');
      const audit = openAuditLog(world);
      await audit.mark();
      for (const { signal } of [pair.api, pair.worker]) signal('SIGSTOP');
      await world.admin.delete(CONFIG_MAPS, { namespace: removed, name: FDD });
      const added = await world.createNamespace('team-added');
      await apiServer.kill();
      // After a restart the API server has no earlier events, and neither has etcd.
      await apiServer.start();
      await compactEtcd(world);
      for (const { signal } of [pair.api, pair.worker]) signal('SIGCONT');

      await until(
        'the API has caught up',
        () => pair.status(),
        (rows) =>
          rows.some(({ namespace }) => namespace === added) &&
          !rows.some(({ namespace }) => namespace === removed),
      );
      await until(
        'the worker has listed again',
        async () => (await metric(pair.worker, 'skipper_watch_lists_total')) > before,
      );
      const targets = await pair.deploy([added]);

      expect(statesOf(targets)).toEqual(['completed']);
    });
  });

  test('etcd compaction alone does not affect a rollout', async () => {
    const names = await namespacesWithOldFdd('compacted', 4);
    await withPair({ flags: { concurrency: 2 } }, async (pair) => {
      await pair.sees(...names);
      const { id } = await pair.post({ namespaces: names });
      await compactEtcd(world);
      await until(
        'some namespaces are deployed',
        () => pair.rollout(id),
        ({ targets }) => targets.some(({ state }) => state === 'completed'),
      );
      await compactEtcd(world);

      const { state } = await pair.finished(id);

      expect(state).toBe('completed');
    });
  });

  test('a worker whose watches are cut off does not treat a namespace it has not seen as gone', async () => {
    const proxy = await startCuttableProxy(world.controlPlane.url);
    const token = await world.requestToken(WORKER_ACCOUNT);
    const workerKubeconfig = await world.writeKubeconfig('cut-off', { token }, proxy.url);
    try {
      await withPair({ workerKubeconfig }, async (pair) => {
        proxy.cut();
        const namespace = await world.createNamespace('team-unseen');
        await until(
          'the API sees the namespace',
          () => pair.status(),
          (rows) => rows.some((row) => row.namespace === namespace),
        );
        const { id } = await pair.post({ namespaces: [namespace] });
        // It takes no more jobs once it notices that it cannot use the API.
        const rests = () =>
          pair.worker.lines().some((line) => line.includes('it takes no jobs until it can'));
        await until(
          'the worker has started the job, or rests',
          () => pair.rollout(id),
          ({ targets }) => targets[0]?.state !== 'pending' || targets[0]?.reason !== '' || rests(),
        );
        proxy.repair();

        const { targets } = await pair.finished(id);

        expect(targets).toEqual([expect.objectContaining({ state: 'completed', outcome: 'bootstrapped' })]);
      });
    } finally {
      await proxy.close();
    }
  });

  test('connections that are cut during a rollout fail no deploy', async () => {
    const names = await namespacesWithOldFdd('cut', 4);
    const proxy = await startCuttableProxy(world.controlPlane.url);
    const token = await world.requestToken(WORKER_ACCOUNT);
    const workerKubeconfig = await world.writeKubeconfig('cut-connections', { token }, proxy.url);
    try {
      await withPair({ workerKubeconfig, flags: { concurrency: 2 } }, async (pair) => {
        await pair.sees(...names);
        const { id } = await pair.post({ namespaces: names });
        await until(
          'some namespaces are deployed',
          () => pair.rollout(id),
          ({ targets }) => targets.some(({ state }) => state === 'completed'),
        );
        proxy.cut();
        proxy.repair();

        const { targets } = await pair.finished(id);

        expect(targets.map(({ state }) => state)).toEqual(names.map(() => 'completed'));
      });
    } finally {
      await proxy.close();
    }
  });

  /** A token that is revoked with its Secret: the shortest lifetime that an API server grants is ten minutes. */
  async function endableToken(secret: string): Promise<string> {
    const metadata = { name: secret, namespace: SKIPPER_NAMESPACE };
    await world.admin.request({
      method: 'POST',
      path: `/api/v1/namespaces/${SKIPPER_NAMESPACE}/secrets`,
      body: { apiVersion: 'v1', kind: 'Secret', metadata },
    });
    return world.requestToken(WORKER_ACCOUNT, secret);
  }

  async function endToken(secret: string, token: string): Promise<void> {
    await world.admin.requestText({
      method: 'DELETE',
      path: `/api/v1/namespaces/${SKIPPER_NAMESPACE}/secrets/${secret}`,
    });
    // The API server caches for ten seconds that a token is valid.
    await until('the token is refused', () => isRefused(token));
  }

  async function isRefused(token: string): Promise<boolean> {
    const answer = await world.admin.request<{ status: { authenticated?: boolean } }>({
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/tokenreviews',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } },
    });
    return answer.status.authenticated !== true;
  }

  const TOKEN_FILES = {
    "the kubeconfig's": (tokenFile: string) => ({ tokenFile }),
    'that of an in-cluster configuration': (tokenFile: string) => ({
      'auth-provider': { name: 'tokenFile', config: { tokenFile } },
    }),
  };

  test('a token replaced in a token file is used as soon as the old one has expired', async () => {
    const names = await namespacesWithOldFdd('token', 2 * Object.keys(TOKEN_FILES).length);

    // Side by side: each waits for the API server's cache.
    const results = await Promise.allSettled(
      Object.entries(TOKEN_FILES).map(([title, userOf], index) =>
        replaceToken(title, userOf, names.slice(2 * index, 2 * index + 2)),
      ),
    );

    expect(results.filter(({ status }) => status !== 'fulfilled')).toEqual([]);
  });

  async function replaceToken(
    title: string,
    userOf: (tokenFile: string) => Readonly<Record<string, unknown>>,
    [first = '', second = '']: readonly string[],
  ): Promise<void> {
    const tokenFile = join(world.folder, `${first}.token`);
    const oldToken = await endableToken(`${first}-old`);
    await writeFile(tokenFile, oldToken);
    const workerKubeconfig = await world.writeKubeconfig(first, userOf(tokenFile));
    await withPair({ workerKubeconfig }, async (pair) => {
      const before = await pair.deploy([first]);
      await writeFile(`${tokenFile}.new`, await endableToken(`${first}-new`));
      await rename(`${tokenFile}.new`, tokenFile);
      await endToken(`${first}-old`, oldToken);

      const after = await pair.deploy([second]);

      expect([title, before[first]]).toEqual([title, expect.objectContaining({ state: 'completed' })]);
      const completed = expect.objectContaining({ state: 'completed', attempt: 1 });
      expect([title, after[second]]).toEqual([title, completed]);
    });
  }

  test('a namespace that is deleted and created again is deployed again, with a new bootstrap', async () => {
    const namespace = await world.createNamespace('team-reborn');
    await withPair({}, async (pair) => {
      await pair.deploy([namespace]);
      await world.admin.delete(NAMESPACES, { name: namespace });
      await until(
        'the namespace is gone',
        () =>
          world.admin.request<{ items: readonly { metadata: { name: string } }[] }>({
            method: 'GET',
            path: '/api/v1/namespaces',
          }),
        ({ items }) => items.every(({ metadata }) => metadata.name !== namespace),
      );
      await until(
        'the API has dropped the namespace',
        () => pair.status(),
        (rows) => rows.every((row) => row.namespace !== namespace),
      );
      // And so has the worker.
      await pair.sees();
      await world.createNamespace(namespace);

      const targets = await pair.deploy([namespace]);

      expect(targets[namespace]).toMatchObject({ state: 'completed', outcome: 'bootstrapped' });
    });
  });
});
