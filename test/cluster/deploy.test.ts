import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CONFIG_MAPS, NAMESPACES, PODS } from '../../shared/kubernetes/resources.ts';
import { PUBLISHED_CONFIG } from '../../simulator/fdd/published-config.ts';
import { freePort } from '../support/free-port.ts';
import { type RealWorld, startRealWorld, until, WORKER_ACCOUNT } from '../support/real-world.ts';
import { startSkipperHere } from '../support/skipper-here.ts';
import {
  type AuditEntry,
  type AuditLog,
  fewestIn,
  inNamespaces,
  openAuditLog,
  summaryOf,
  writesAmong,
} from './support/audit-log.ts';
import { describeCluster } from './support/cluster-suite.ts';
import { startCuttableProxy } from './support/cuttable-proxy.ts';
import {
  BOOTSTRAP_POD,
  environmentOf,
  FDD,
  IMAGE,
  type KubernetesObject,
  mergeApplication,
  OLD,
  OLD_IMAGE,
  podOfDeployment,
  readApplication,
  readDeployment,
} from './support/fdd-objects.ts';
import { type SkipperPair, startSkipperPair } from './support/skipper-pair.ts';

const CONFIG_DIGEST = expect.stringMatching(/^[0-9a-f]{16}$/);

/** The API reads the ConfigMap of a namespace that a request names; for an unchanged namespace, nothing else is read. */
const READ_BY_API = 'list configmaps 200';

const WRITES_OF_BOOTSTRAP = ['patch applications 201', 'create pods 201', 'delete pods 200'];

/** The annotations of everything that Skipper writes. */
const OUR_ANNOTATIONS = {
  'fiaas-skipper/config-digest': CONFIG_DIGEST,
  'skipper.fiaas.io/rollout': expect.stringMatching(/^\S+$/),
  'skipper.fiaas.io/generation': '1',
  'skipper.fiaas.io/release': expect.stringMatching(/^[0-9a-f]{16}$/),
  'skipper.fiaas.io/content': expect.stringMatching(/^[0-9a-f]{16}$/),
};

describeCluster('deploying on a real control plane', { needsControllers: true }, () => {
  let world: RealWorld;
  let skipper: SkipperPair;
  let audit: AuditLog;

  beforeAll(async () => {
    world = await startRealWorld();
    audit = openAuditLog(world);
    skipper = await startSkipperPair(world);
  });

  afterAll(async () => {
    await skipper?.stop();
    await world?.stop();
  });

  /** A namespace with an older FDD, installed as upstream Skipper would. */
  async function namespaceWithOldFdd(name: string, config?: Readonly<Record<string, unknown>>) {
    await world.createNamespace(name);
    await world.fdds.installFdd(name, { image: OLD_IMAGE, ...(config === undefined ? {} : { config }) });
    return name;
  }

  async function expectRunning(namespace: string, image: string): Promise<void> {
    const application = await readApplication(world.admin, namespace);
    const deployment = await readDeployment(world.admin, namespace);
    const pod = await podOfDeployment(world.admin, namespace);
    const id = application.metadata.labels?.['fiaas/deployment_id'];
    expect(application.spec.image).toBe(image);
    expect(deployment.metadata.labels?.['fiaas/deployment_id']).toBe(id);
    expect(deployment.status.observedGeneration).toBe(deployment.metadata.generation);
    expect(deployment.status).toMatchObject({ updatedReplicas: 1, availableReplicas: 1 });
    expect(pod?.spec.containers[0]?.image).toBe(image);
    expect(pod?.metadata.labels?.['fiaas/deployment_id']).toBe(id);
    expect(pod?.status.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
  }

  test('one rollout bootstraps new namespaces, updates old ones, and verifies each against its pods', async () => {
    const fresh = await Promise.all(['team-new-1', 'team-new-2'].map((name) => world.createNamespace(name)));
    const old = await Promise.all(
      ['team-old-1', 'team-old-2', 'team-old-3'].map((name) => namespaceWithOldFdd(name)),
    );

    const targets = await skipper.deploy([...fresh, ...old]);

    for (const name of fresh)
      expect(targets[name]).toMatchObject({ state: 'completed', outcome: 'bootstrapped' });
    for (const name of old) expect(targets[name]).toMatchObject({ state: 'completed', outcome: 'updated' });
    for (const name of [...fresh, ...old]) await expectRunning(name, IMAGE);
    for (const name of fresh) {
      expect(await world.admin.get(PODS, { namespace: name, name: BOOTSTRAP_POD })).toBeUndefined();
    }
  });

  test("the Application on the server is upstream's, field for field", async () => {
    await world.createNamespace('team-body');

    await skipper.deploy(['team-body']);

    const { apiVersion, kind, metadata, spec } = await readApplication(world.admin, 'team-body');
    expect({ apiVersion, kind, spec }).toEqual({
      apiVersion: 'fiaas.schibsted.io/v1',
      kind: 'Application',
      spec: { application: FDD, image: IMAGE, config: PUBLISHED_CONFIG },
    });
    expect(metadata.labels).toEqual({
      app: FDD,
      heritage: 'FIAAS-Skipper',
      'fiaas/bootstrap': 'true',
      'fiaas/deployment_id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(metadata.finalizers ?? []).toEqual([]);
    expect(metadata.ownerReferences ?? []).toEqual([]);
    // Ours; upstream writes no annotation.
    expect(metadata.annotations).toEqual(OUR_ANNOTATIONS);
  });

  test("an update keeps others' labels, annotations, finalizers, owners and additional_*", async () => {
    const namespace = await namespaceWithOldFdd('team-foreign');
    const owner = await world.admin.get<{ metadata: { uid: string } }>(CONFIG_MAPS, { namespace, name: FDD });
    const owners = [{ apiVersion: 'v1', kind: 'ConfigMap', name: FDD, uid: owner?.metadata.uid ?? '' }];
    const additional = {
      additional_labels: { global: { team: 'a' } },
      additional_annotations: { pod: { note: 'b' } },
    };
    await mergeApplication(world.admin, namespace, {
      metadata: {
        labels: { foreign: 'kept' },
        annotations: { 'foreign/note': 'kept' },
        finalizers: ['example.org/foreign'],
        ownerReferences: owners,
      },
      spec: additional,
    });

    const targets = await skipper.deploy([namespace]);

    const { metadata, spec } = await readApplication(world.admin, namespace);
    expect(targets[namespace]).toMatchObject({ state: 'completed', outcome: 'updated' });
    expect(spec).toEqual({ application: FDD, image: IMAGE, config: PUBLISHED_CONFIG, ...additional });
    expect(metadata.labels).toMatchObject({ foreign: 'kept', heritage: 'FIAAS-Skipper' });
    expect(metadata.annotations).toEqual({
      'foreign/note': 'kept',
      ...OUR_ANNOTATIONS,
    });
    expect(metadata.finalizers).toEqual(['example.org/foreign']);
    expect(metadata.ownerReferences).toEqual(owners);
  });

  test('annotations that change do not restart FDD, and are no reason to write', async () => {
    const namespace = await namespaceWithOldFdd('team-annotated');
    await skipper.deploy([namespace]);
    const before = await readDeployment(world.admin, namespace);

    await mergeApplication(world.admin, namespace, {
      metadata: { annotations: { 'skipper.fiaas.io/rollout': 'another', 'skipper.fiaas.io/release': null } },
    });
    const targets = await skipper.deploy([namespace]);

    expect(targets[namespace]).toMatchObject({ state: 'completed', outcome: 'unchanged' });
    const after = await readDeployment(world.admin, namespace);
    expect(after.metadata.generation).toBe(before.metadata.generation);
  });

  test("Skipper's fields belong to field manager fiaas-skipper by Apply, others' fields to them", async () => {
    const namespace = await namespaceWithOldFdd('team-owned');
    await mergeApplication(world.admin, namespace, { metadata: { annotations: { 'foreign/note': 'kept' } } });

    await skipper.deploy([namespace]);

    const { managedFields = [] } = (await readApplication(world.admin, namespace)).metadata;
    const ours = managedFields.filter(({ manager }) => manager === 'fiaas-skipper');
    const theirs = managedFields.find(({ manager }) => manager === 'kubectl-edit');
    expect(ours.map(({ operation }) => operation)).toEqual(['Apply']);
    expect(ours[0]?.fieldsV1).toMatchObject({
      'f:metadata': { 'f:labels': { 'f:fiaas/deployment_id': {}, 'f:heritage': {} } },
      'f:spec': { 'f:application': {}, 'f:image': {}, 'f:config': { 'f:version': {}, 'f:ports': {} } },
    });
    expect(theirs?.fieldsV1).toEqual({
      'f:metadata': { 'f:annotations': { '.': {}, 'f:foreign/note': {} } },
    });
    expect(JSON.stringify(ours)).not.toContain('foreign/note');
  });

  test('an Application with more config keys from upstream ends up with exactly the merged config', async () => {
    const namespace = await namespaceWithOldFdd('team-surplus', {
      ...PUBLISHED_CONFIG,
      resources: { requests: { memory: '64Mi', cpu: '1' }, limits: { memory: '1Gi' } },
      ports: [{ target_port: 5000 }, { target_port: 6000 }],
      extensions: { removed: { deep: true } },
    });

    const targets = await skipper.deploy([namespace]);
    await audit.mark();
    const again = await skipper.deploy([namespace]);

    expect(targets[namespace]).toMatchObject({ state: 'completed', outcome: 'updated' });
    expect((await readApplication(world.admin, namespace)).spec.config).toEqual(PUBLISHED_CONFIG);
    expect(again[namespace]).toMatchObject({ outcome: 'unchanged' });
    expect(writesAmong(inNamespaces(await audit.skipperRequests(), [namespace]))).toEqual([]);
  });

  test('an Application gets a config key back that an edit removed', async () => {
    const namespace = await namespaceWithOldFdd('team-edited');
    await skipper.deploy([namespace]);
    await mergeApplication(world.admin, namespace, {
      spec: { config: { metrics: null, admin_access: false, ports: [{ target_port: 1 }] } },
    });
    await until(
      'the API sees the edit',
      async () => (await dryRun([namespace]))[0],
      (target) => target?.action === 'update',
    );

    // The worker can see the edit later than the API.
    const target = await until(
      'the worker has seen the edit',
      async () => (await skipper.deploy([namespace]))[namespace],
      (target) => target?.outcome !== 'unchanged',
    );

    expect(target).toMatchObject({ state: 'completed', outcome: 'updated' });
    expect((await readApplication(world.admin, namespace)).spec.config).toEqual(PUBLISHED_CONFIG);
  });

  async function dryRun(namespaces: readonly string[]) {
    const response = await fetch(`${skipper.api.url}/api/deploy`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ namespaces, dry_run: true }),
    });
    return ((await response.json()) as { targets: readonly { namespace: string; action: string }[] }).targets;
  }

  test('nulls, numbers and lists of an override are stable: a second deploy writes nothing', async () => {
    const namespace = await namespaceWithOldFdd('team-override');
    const override = join(world.folder, 'override.yaml');
    await writeFile(
      override,
      [
        'metrics: null',
        'healthchecks: {liveness: {http: {path: /healthz, port: null}}, readiness: null}',
        'extensions:',
        '  nothing: null',
        '  numbers: [1, 2.5, 1.0, 0, -3, 1e3, 12345678901]',
        '  nested: {list: [{a: null, b: 1}, [], {}], empty: {}, none: [], text: "1", flag: true}',
      ].join('\n'),
    );
    const pair = await startSkipperPair(world, {
      flags: { 'spec-file-override': override },
    });
    try {
      const first = await pair.deploy([namespace]);
      await audit.mark();
      const second = await pair.deploy([namespace]);

      const requests = inNamespaces(await audit.skipperRequests(), [namespace]);
      const { config } = (await readApplication(world.admin, namespace)).spec;
      const { metrics: _metrics, ...published } = PUBLISHED_CONFIG;
      expect(config).toEqual({
        ...published,
        healthchecks: { liveness: { http: { path: '/healthz', port: null } }, readiness: null },
        extensions: {
          nothing: null,
          numbers: [1, 2.5, 1, 0, -3, '1e3', 12345678901],
          nested: { list: [{ a: null, b: 1 }, [], {}], empty: {}, none: [], text: '1', flag: true },
        },
      });
      expect(first[namespace]).toMatchObject({ state: 'completed', outcome: 'updated' });
      expect(second[namespace]).toMatchObject({ state: 'completed', outcome: 'unchanged' });
      expect(writesAmong(requests)).toEqual([]);
    } finally {
      await pair.stop();
    }
  });

  test('an unchanged namespace costs no request, a changed one at most 3, a bootstrap at most 6', async () => {
    const fresh = await Promise.all(
      ['team-count-1', 'team-count-2'].map((name) => world.createNamespace(name)),
    );
    const old = await Promise.all(
      ['team-count-3', 'team-count-4', 'team-count-5'].map((name) => namespaceWithOldFdd(name)),
    );
    const all = [...fresh, ...old];
    await skipper.sees(...all);
    await audit.mark();
    await skipper.deploy(all);
    const changing = await audit.skipperRequests();
    await audit.mark();
    await skipper.deploy(all);
    const unchanging = await audit.skipperRequests();

    const writesIn = (requests: readonly AuditEntry[], name: string) =>
      writesAmong(inNamespaces(requests, [name]));
    for (const name of fresh) expect(writesIn(changing, name)).toEqual(WRITES_OF_BOOTSTRAP);
    for (const name of old) expect(writesIn(changing, name)).toEqual(['patch applications 200']);
    for (const name of all) expect(writesIn(unchanging, name)).toEqual([]);
    // On a busy machine the watches of some lag behind, and what they have not shown yet is read.
    expect(fewestIn(changing, fresh).length).toBeLessThanOrEqual(6);
    expect(fewestIn(changing, old).length).toBeLessThanOrEqual(3);
    expect(fewestIn(unchanging, all)).toEqual([READ_BY_API]);
  });

  test('a forced bootstrap of a healthy namespace leaves a configured FDD with a new deployment id', async () => {
    const namespace = await world.createNamespace('team-forced', {
      clusterConfig: 'log-format: json\nenvironment: test\n',
    });
    await skipper.deploy([namespace]);
    const before = await readDeployment(world.admin, namespace);

    const targets = await skipper.deploy([namespace], { force: true });

    const after = await readDeployment(world.admin, namespace);
    const id = 'fiaas/deployment_id';
    expect(targets[namespace]).toMatchObject({ state: 'completed', outcome: 'bootstrapped' });
    expect(after.metadata.uid).toBe(before.metadata.uid);
    expect(after.metadata.labels?.[id]).not.toBe(before.metadata.labels?.[id]);
    expect(environmentOf(after)).toMatchObject({ LOG_FORMAT: 'json', FIAAS_ENVIRONMENT: 'test' });
    await expectRunning(namespace, IMAGE);
  });

  test("a bootstrapped FDD carries its namespace's configuration", async () => {
    const namespace = await world.createNamespace('team-configured', {
      clusterConfig: 'log-format: json\nenvironment: prod\ninclude-status-in-app: true\n',
    });

    const targets = await skipper.deploy([namespace]);

    expect(targets[namespace]).toMatchObject({ state: 'completed', outcome: 'bootstrapped' });
    expect(targets[namespace]?.warnings ?? []).toEqual([]);
    const environment = environmentOf(await readDeployment(world.admin, namespace));
    expect(environment).toMatchObject({ LOG_FORMAT: 'json', FIAAS_ENVIRONMENT: 'prod' });
  });

  test('a rival that keeps writing the Application loses nothing, and the deploy is verified', async () => {
    const namespace = await namespaceWithOldFdd('team-rival');
    let counter = 0;
    let isOver = false;
    await audit.mark();
    const rival = (async () => {
      while (!isOver) {
        counter += 1;
        await mergeApplication(
          world.admin,
          namespace,
          { metadata: { annotations: { 'rival/counter': String(counter) } } },
          'rival',
        );
        // One that never rests would win every race on a busy machine.
        await pause(20);
      }
    })();
    try {
      // Until the API server has refused one of our writes; each round needs a change to write.
      await until('a write was refused as a conflict', async () => {
        const targets = await skipper.deploy([namespace]);
        expect(targets[namespace]).toMatchObject({ state: 'completed' });
        const requests = inNamespaces(await audit.skipperRequests(), [namespace]);
        if (requests.some(({ responseStatus }) => responseStatus?.code === 409)) return true;
        await mergeApplication(world.admin, namespace, { spec: { config: { version: 2 } } }, 'rival');
        return false;
      });
    } finally {
      isOver = true;
      await rival;
    }

    const { metadata, spec } = await readApplication(world.admin, namespace);
    expect(metadata.annotations).toEqual({
      'rival/counter': String(counter),
      ...OUR_ANNOTATIONS,
      'skipper.fiaas.io/generation': expect.stringMatching(/^\d+$/),
    });
    expect(spec).toMatchObject({ image: IMAGE, config: PUBLISHED_CONFIG });
  });

  test('a tag that names a version is deployed, and an unknown one fails only its own namespace', async () => {
    const pinned = await world.createNamespace('team-pinned', { tag: OLD });
    const unknown = await world.createNamespace('team-unknown', { tag: 'no-such-channel' });

    const targets = await skipper.deploy([pinned, unknown]);

    expect(targets[pinned]).toMatchObject({ state: 'completed', version: OLD });
    expect(targets[unknown]).toMatchObject({ state: 'failed' });
    expect(targets[unknown]?.reason).toContain('no-such-channel');
    await expectRunning(pinned, OLD_IMAGE);
  });

  test('discovery finds a ConfigMap by name or by label, and a malformed one affects no other namespace', async () => {
    for (const name of ['team-labelled', 'team-malformed']) {
      await world.admin.create(NAMESPACES, undefined, {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name },
      });
    }
    await world.admin.create(CONFIG_MAPS, 'team-labelled', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'other-name', labels: { app: FDD } },
      data: { 'cluster_config.yaml': '{}', tag: 'latest' },
    });
    await world.admin.create(CONFIG_MAPS, 'team-malformed', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: FDD },
      data: { 'cluster_config.yaml': '[not, closed' },
    });

    await skipper.sees('team-labelled', 'team-malformed');

    const rows = await skipper.status();
    const row = (name: string) => rows.find(({ namespace }) => namespace === name);
    expect(row('team-labelled')).toMatchObject({ status: 'NOT_FOUND', channel: 'latest' });
    expect(row('team-malformed')).toMatchObject({ status: 'CONFIG_ERROR' });
    expect(row('team-malformed')?.description).toContain('not valid YAML');
  });

  test('a Deployment that Helm manages is reported, not taken over', async () => {
    const namespace = await namespaceWithOldFdd('team-helm');
    await world.admin.request({
      method: 'PATCH',
      patchType: 'merge',
      path: `/apis/apps/v1/namespaces/${namespace}/deployments/${FDD}`,
      body: {
        metadata: {
          labels: { 'app.kubernetes.io/managed-by': 'Helm' },
          annotations: { 'meta.helm.sh/release-name': 'my-fdd', 'meta.helm.sh/release-namespace': namespace },
        },
      },
    });
    await until(
      'the API sees the namespace',
      () => skipper.status(),
      (rows) => rows.some((row) => row.namespace === namespace && row.status === 'HELM_MANAGED'),
    );

    const targets = await skipper.deploy([namespace]);

    expect(targets[namespace]).toMatchObject({ state: 'cancelled', code: 'helm_managed' });
    expect(targets[namespace]?.reason).toContain('my-fdd');
    expect((await readApplication(world.admin, namespace)).spec.image).toBe(OLD_IMAGE);
  });

  test('the worker keeps a handful of TLS connections, however many requests it sends', async () => {
    const proxy = await startCuttableProxy(world.controlPlane.url);
    const names = Array.from({ length: 16 }, (_, index) => `team-many-${index}`);
    await Promise.all(names.map((name) => namespaceWithOldFdd(name)));
    const token = await world.requestToken(WORKER_ACCOUNT);
    const workerKubeconfig = await world.writeKubeconfig('through-proxy', { token }, proxy.url);
    const pair = await startSkipperPair(world, { workerKubeconfig, flags: { concurrency: 4 } });
    try {
      await audit.mark();
      const targets = await pair.deploy(names);
      const requests = (await audit.skipperRequests()).filter(({ user }) =>
        user.username.endsWith('-worker'),
      );

      expect(Object.values(targets).map(({ state }) => state)).toEqual(names.map(() => 'completed'));
      expect(requests.length).toBeGreaterThanOrEqual(2 * names.length);
      // Eight watches, the requests of four namespaces at once, two that begin as another one ends, and one for Events.
      const needed = 4 + 2 + 1;
      // On a busy machine they are idle for four seconds, and opened again before the old ones are closed.
      expect(proxy.mostOpen()).toBeLessThanOrEqual(8 + 2 * needed);
      expect(proxy.opened()).toBeLessThanOrEqual(8 + Math.max(needed, requests.length / 2));
    } finally {
      await pair.stop();
      await proxy.close();
    }
  });

  test('TLS is verified: with a wrong CA the worker does not become ready and reports the certificate', async () => {
    const other = await world.writeKubeconfig('other-ca', {
      token: await world.requestToken(WORKER_ACCOUNT),
    });
    const { generate } = await import('selfsigned');
    const { cert } = await generate([{ name: 'commonName', value: 'another-ca' }], { keySize: 2048 });
    const caFile = join(world.folder, 'other-ca.crt');
    await writeFile(caFile, cert);
    const text = await import('node:fs/promises').then(({ readFile }) => readFile(other, 'utf8'));
    await writeFile(other, text.replace(world.caFile, caFile));
    const worker = startSkipperHere({
      command: 'worker',
      port: await freePort(),
      flags: { kubeconfig: other, 'redis-url': world.redis.url, 'redis-prefix': 'other-ca' },
      env: { PATH: process.env.PATH },
    });
    try {
      const answer = await until(
        '/readyz gives the reason',
        () =>
          fetch(`${worker.url}/readyz`).then(
            (response) => response.text(),
            () => '',
          ),
        (text) => /certificate/i.test(text),
      );

      expect(answer).toMatch(/certificate/i);
    } finally {
      await worker.stop();
    }
  });

  test('a delete with a precondition and without grace is carried out at once', async () => {
    const ref = { namespace: 'default', name: 'deleted-at-once' };
    const body = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: ref.name },
      spec: { nodeName: 'simulated-node', containers: [{ name: 'main', image: 'any' }] },
    };
    const { metadata } = await world.admin.create<KubernetesObject>(PODS, ref.namespace, body);

    await world.admin.delete(PODS, ref, { gracePeriodSeconds: 0, preconditions: { uid: metadata.uid } });

    expect(await world.admin.get(PODS, ref)).toBeUndefined();
  });

  test('no watch and no request of these deploys was refused: the least-privilege rules are sufficient', async () => {
    const everything = openAuditLog(world);

    const refused = (await everything.skipperRequests()).filter(
      ({ responseStatus }) => responseStatus?.code === 403,
    );

    expect(refused.map((entry) => `${entry.user.username} ${summaryOf(entry)} ${entry.requestURI}`)).toEqual(
      [],
    );
  });

  test('the API process only reads', async () => {
    const everything = openAuditLog(world);

    const writes = (await everything.skipperRequests()).filter(
      ({ user, verb }) => user.username.endsWith('-api') && !['list', 'watch'].includes(verb),
    );

    expect(writes.map(summaryOf)).toEqual([]);
  });
});
