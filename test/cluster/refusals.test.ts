import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  CONFIG_MAPS,
  DEPLOYMENTS,
  NAMESPACES,
  PODS,
  pathOf,
  type Resource,
  ROLE_BINDINGS,
  ROLES,
  SERVICE_ACCOUNTS,
} from '../../shared/kubernetes/resources.ts';
import { type RealWorld, startRealWorld, until, WORKER_ACCOUNT } from '../support/real-world.ts';
import { type AuditLog, inNamespaces, openAuditLog, summaryOf } from './support/audit-log.ts';
import { describeCluster } from './support/cluster-suite.ts';
import {
  BOOTSTRAP_POD,
  type Deployment,
  FDD,
  IMAGE,
  type KubernetesObject,
  listPods,
  OLD_IMAGE,
  type Pod,
  readApplication,
  readDeployment,
} from './support/fdd-objects.ts';
import { createCountedQuota } from './support/quota.ts';
import { type SkipperPair, startSkipperPair } from './support/skipper-pair.ts';

const LIMIT_RANGES: Resource = {
  apiVersion: 'v1',
  kind: 'LimitRange',
  plural: 'limitranges',
  namespaced: true,
};
const WEBHOOKS: Resource = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
  namespaced: false,
};

describeCluster('refusals of a real control plane', { needsControllers: true }, () => {
  let world: RealWorld;
  let skipper: SkipperPair;
  let audit: AuditLog;

  beforeAll(async () => {
    world = await startRealWorld();
    audit = openAuditLog(world);
    skipper = await startSkipperPair(world, {
      flags: { 'retry-backoff-base': 0.2, 'retry-backoff-cap': 1, 'max-attempts': 100 },
    });
  });

  afterAll(async () => {
    await skipper?.stop();
    await world?.stop();
  });

  test('missing rights in one namespace fail only that one, at once, and the reason names the refused request', async () => {
    const denied = await world.createNamespace('team-denied', { workerRoles: [] });
    const deniedUpdate = await world.createNamespace('team-denied-update', { workerRoles: [] });
    await world.fdds.installFdd(deniedUpdate, { image: OLD_IMAGE });
    const others = await Promise.all(
      ['team-allowed-1', 'team-allowed-2'].map((name) => world.createNamespace(name)),
    );

    const targets = await skipper.deploy([denied, deniedUpdate, ...others]);

    for (const name of others) expect(targets[name]).toMatchObject({ state: 'completed' });
    expect(targets[denied]).toMatchObject({ state: 'failed', code: 'forbidden', attempt: 1 });
    expect(targets[denied]?.reason).toContain('cannot get resource "deployments" in API group "apps"');
    expect(targets[deniedUpdate]).toMatchObject({ state: 'failed', code: 'forbidden', attempt: 1 });
    expect(targets[deniedUpdate]?.reason).toMatch(
      /User "system:serviceaccount:fiaas-skipper:fiaas-skipper-worker" cannot patch resource "applications" in API group "fiaas.schibsted.io" in the namespace "team-denied-update"/,
    );
  });

  test('a namespace that was denied is deployed after its rights were granted', async () => {
    const namespace = await world.createNamespace('team-granted', { workerRoles: [] });
    await skipper.deploy([namespace]);
    await world.admin.create(ROLE_BINDINGS, namespace, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'granted' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'fiaas-skipper-deploy' },
      subjects: [{ kind: 'ServiceAccount', name: WORKER_ACCOUNT, namespace: 'fiaas-skipper' }],
    });

    const targets = await skipper.deploy([namespace]);

    expect(targets[namespace]).toMatchObject({ state: 'completed', outcome: 'bootstrapped' });
  });

  test('a quota without pods fails the namespace permanently, with the message of the quota', async () => {
    const namespace = await world.createNamespace('team-no-pods', {
      before: (name) => createCountedQuota(world.admin, name, { hard: { pods: '0' } }),
    });

    const targets = await skipper.deploy([namespace]);

    expect(targets[namespace]).toMatchObject({ state: 'failed', code: 'quota_exceeded', attempt: 1 });
    expect(targets[namespace]?.reason).toMatch(/exceeded quota: limits.*limited: pods=0/);
    expect(await listPods(world.admin, namespace)).toEqual([]);
  });

  test('a quota that admits only BestEffort pods admits a bootstrap pod without resources', async () => {
    const namespace = await world.createNamespace('team-best-effort', {
      before: (name) =>
        createCountedQuota(world.admin, name, { hard: { pods: '0' }, scopes: ['NotBestEffort'] }),
    });
    await skipper.sees(namespace);

    const { id } = await skipper.post({ namespaces: [namespace] });
    const bootstrap = await until(
      'the bootstrap pod exists',
      () => world.admin.get<Pod>(PODS, { namespace, name: BOOTSTRAP_POD }),
      (pod) => pod !== undefined,
    );
    await asFddOnBestEffort(namespace);
    const { targets } = await skipper.finished(id);

    expect(bootstrap?.status.qosClass).toBe('BestEffort');
    expect(bootstrap?.spec.containers[0]?.resources ?? {}).toEqual({});
    expect(targets).toEqual([expect.objectContaining({ state: 'completed', outcome: 'bootstrapped' })]);
  });

  /** The real FDD omits resources in its Deployment under such a quota; the simulated one does not. */
  async function asFddOnBestEffort(namespace: string): Promise<void> {
    await until(
      'the Deployment exists',
      () => world.admin.get(DEPLOYMENTS, { namespace, name: FDD }),
      (deployment) => deployment !== undefined,
    );
    await world.admin.request({
      method: 'PATCH',
      patchType: 'json',
      path: pathOf(DEPLOYMENTS, { namespace, name: FDD }),
      body: [{ op: 'replace', path: '/spec/template/spec/containers/0/resources', value: {} }],
    });
  }

  test("if a quota refuses FDD's own pods, the job fails at its deadline with the controller's reason", async () => {
    const namespace = await world.createNamespace('team-starved', {
      before: (name) =>
        createCountedQuota(world.admin, name, { hard: { pods: '0' }, scopes: ['NotBestEffort'] }),
    });
    const pair = await startSkipperPair(world, { flags: { 'progress-deadline': 4 } });
    try {
      // The first one can reach its deadline before the controller has tried to create a pod.
      await pair.deploy([namespace]);
      await until(
        'the controller reports the quota',
        () => world.admin.get<Deployment>(DEPLOYMENTS, { namespace, name: FDD }),
        (deployment) => (deployment?.status.conditions ?? []).some(({ type }) => type === 'ReplicaFailure'),
      );

      const targets = await pair.deploy([namespace]);

      const target = targets[namespace];
      expect(target).toMatchObject({ state: 'failed', code: 'progress_deadline' });
      expect(target?.details?.join('\n')).toMatch(/ReplicaFailure.*exceeded quota: limits/);
    } finally {
      await pair.stop();
    }
  });

  test("under restricted Pod Security the bootstrap pod is refused like upstream's, and the reason explains it", async () => {
    const namespace = await world.createNamespace('team-restricted', {
      labels: { 'pod-security.kubernetes.io/enforce': 'restricted' },
    });

    const targets = await skipper.deploy([namespace]);

    expect(targets[namespace]).toMatchObject({ state: 'failed', code: 'pod_rejected', attempt: 1 });
    expect(targets[namespace]?.reason).toMatch(/violates PodSecurity "restricted:latest"/);
    expect(targets[namespace]?.reason).toContain('runAsNonRoot');
    expect(await listPods(world.admin, namespace)).toEqual([]);
  });

  test('an update under restricted Pod Security needs no bootstrap pod, and fails only because of its own pods', async () => {
    const namespace = await world.createNamespace('team-restricted-later');
    await world.fdds.installFdd(namespace, { image: OLD_IMAGE });
    await world.admin.request({
      method: 'PATCH',
      patchType: 'merge',
      path: pathOf(NAMESPACES, { name: namespace }),
      body: { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } },
    });
    const targets = await skipper.deploy([namespace]);

    const target = targets[namespace];
    expect(target).toMatchObject({ state: 'failed', code: 'fdd_cannot_run' });
    expect(target?.details?.join('\n')).toMatch(/violates PodSecurity/);
  });

  test('a quota that wants limits, and a LimitRange, fail the namespace for good, each with its own code', async () => {
    const limits = [{ type: 'Container', min: { memory: '1Gi' } }];
    const range = { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'large' }, spec: { limits } };
    const unlimited = await world.createNamespace('team-unlimited', {
      before: (name) => createCountedQuota(world.admin, name, { hard: { 'limits.memory': '10Gi' } }),
    });
    const small = await world.createNamespace('team-small', {
      before: (name) => world.admin.create(LIMIT_RANGES, name, range),
    });

    const targets = await skipper.deploy([unlimited, small]);

    expect(targets[unlimited]).toMatchObject({ state: 'failed', code: 'limits_missing', attempt: 1 });
    expect(targets[unlimited]?.reason).toMatch(/failed quota: limits: must specify limits\.memory/);
    expect(targets[small]).toMatchObject({ state: 'failed', code: 'limit_range', attempt: 1 });
    expect(targets[small]?.reason).toMatch(/minimum memory usage per Container is 1Gi/);
  });

  test('a webhook that does not answer is named, and retried until it does', async () => {
    const namespace = await world.createNamespace('team-webhook', { labels: { webhook: 'mute' } });
    await world.admin.create(WEBHOOKS, undefined, muteWebhook());
    const { id } = await skipper.post({ namespaces: [namespace] });
    const [waiting] = await until(
      'the webhook is named',
      async () => (await skipper.rollout(id)).targets,
      (targets) => targets[0]?.code !== undefined,
    );

    await world.admin.delete(WEBHOOKS, { name: 'mute.example.com' });

    expect(waiting).toMatchObject({ state: 'running', code: 'webhook_failed' });
    expect((await skipper.finished(id)).targets).toMatchObject([{ state: 'completed' }]);
  });

  function muteWebhook(): Record<string, unknown> {
    return {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'mute.example.com' },
      webhooks: [
        {
          name: 'mute.example.com',
          clientConfig: { url: 'https://127.0.0.1:9/' },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] }],
          namespaceSelector: { matchLabels: { webhook: 'mute' } },
          sideEffects: 'None',
          timeoutSeconds: 1,
          admissionReviewVersions: ['v1'],
        },
      ],
    };
  }

  test("FDD's FAILED fails the job, with FDD's own log lines", async () => {
    const namespace = await world.createNamespace('team-fdd-failed');
    await world.fdds.installFdd(namespace, { image: OLD_IMAGE });
    world.fdds.misbehaviour.set(namespace, { kind: 'failed', lines: ['poddisruptionbudgets is forbidden'] });

    const targets = await skipper.deploy([namespace]);

    expect(targets[namespace]).toMatchObject({ state: 'failed', code: 'fdd_failed' });
    expect(targets[namespace]?.details?.join('\n')).toContain('poddisruptionbudgets is forbidden');
  });

  test('a failed bootstrap reports exit code and log, read from the kubelet through the API server', async () => {
    const namespace = await world.createNamespace('team-bootstrap-failed');
    world.fdds.misbehaviour.set(namespace, {
      kind: 'bootstrap-exits',
      exitCode: 1,
      lines: ['no rights at all'],
    });

    const targets = await skipper.deploy([namespace]);

    const target = targets[namespace];
    expect(target).toMatchObject({ state: 'failed', code: 'bootstrap_failed' });
    expect(target?.reason).toContain('exit code 1');
    expect(target?.details?.join('\n')).toContain('no rights at all');
    expect(await world.admin.get(PODS, { namespace, name: BOOTSTRAP_POD })).toBeUndefined();
  });

  test('a namespace that is deleted during its deploy ends as skipped, with the reason', async () => {
    const namespace = await world.createNamespace('team-doomed');
    world.fdds.misbehaviour.set(namespace, { kind: 'hang' });
    await skipper.sees(namespace);
    const { id } = await skipper.post({ namespaces: [namespace] });
    await until(
      'the bootstrap pod runs',
      () => world.admin.get<Pod>(PODS, { namespace, name: BOOTSTRAP_POD }),
      (pod) => pod?.status.phase === 'Running',
    );

    await world.admin.delete(NAMESPACES, { name: namespace });
    // Kubernetes deletes pods first and checks again only after half of their grace period.
    const { targets } = await skipper.finished(id);

    expect(targets).toEqual([
      expect.objectContaining({ state: 'cancelled', outcome: 'skipped', code: 'namespace_gone' }),
    ]);
    expect(targets[0]?.reason).toMatch(/^skipped: .*(gone|deleted)/);
  });

  test('a terminating namespace is skipped, and nothing is written to it', async () => {
    const namespace = await world.createNamespace('team-terminating');
    await keepTerminating(namespace);
    await audit.mark();

    const targets = await skipper.deploy([namespace]);

    const writes = inNamespaces(await audit.skipperRequests(), [namespace]).filter(
      ({ verb, responseStatus }) => ['create', 'patch'].includes(verb) && (responseStatus?.code ?? 0) < 300,
    );
    expect(targets[namespace]).toMatchObject({ state: 'cancelled', code: 'namespace_gone' });
    expect(writes.map(summaryOf)).toEqual([]);
    await release(namespace);
  });

  test('a terminating namespace whose role bindings are deleted first is skipped', async () => {
    const namespace = await world.createNamespace('team-terminating-bare');
    await hold(CONFIG_MAPS, namespace, FDD);
    await world.admin.delete(NAMESPACES, { name: namespace });
    await until(
      'only the ConfigMap is left',
      () => world.admin.get(ROLE_BINDINGS, { namespace, name: 'fiaas-skipper-deploy' }),
      (binding) => binding === undefined,
    );
    // Content is deleted kind by kind, in any order.
    await untilDeleting(namespace);

    const targets = await skipper.deploy([namespace]);

    expect(targets[namespace]).toMatchObject({ state: 'cancelled', code: 'namespace_gone' });
    await removeHold(CONFIG_MAPS, namespace, FDD);
  });

  /** Finalizers keep ConfigMap and rights, and so the namespace, in deletion. */
  async function keepTerminating(namespace: string): Promise<void> {
    await hold(CONFIG_MAPS, namespace, FDD);
    await hold(ROLE_BINDINGS, namespace, 'fiaas-skipper-deploy');
    await world.admin.delete(NAMESPACES, { name: namespace });
    await untilDeleting(namespace);
  }

  async function untilDeleting(namespace: string): Promise<void> {
    await until(
      'the ConfigMap is being deleted',
      () => world.admin.get<KubernetesObject>(CONFIG_MAPS, { namespace, name: FDD }),
      (configMap) => configMap?.metadata.deletionTimestamp !== undefined,
    );
  }

  async function release(namespace: string): Promise<void> {
    await removeHold(CONFIG_MAPS, namespace, FDD);
    await removeHold(ROLE_BINDINGS, namespace, 'fiaas-skipper-deploy');
  }

  function hold(resource: Resource, namespace: string, name: string): Promise<unknown> {
    return setFinalizers(resource, { namespace, name }, ['example.org/slow']);
  }

  function removeHold(resource: Resource, namespace: string, name: string): Promise<unknown> {
    return setFinalizers(resource, { namespace, name }, null);
  }

  function setFinalizers(
    resource: Resource,
    ref: { readonly namespace: string; readonly name: string },
    finalizers: readonly string[] | null,
  ): Promise<unknown> {
    return world.admin.request({
      method: 'PATCH',
      patchType: 'merge',
      path: pathOf(resource, ref),
      body: { metadata: { finalizers } },
    });
  }

  test('with --manage-rbac FDD gets its account and role, and keeps what others added to the account', async () => {
    const namespace = await world.createNamespace('team-managed', {
      clusterConfig: 'enable-service-account-per-app: true\n',
      workerRoles: ['fiaas-skipper-deploy', 'fiaas-skipper-manage-rbac'],
    });
    await world.admin.create(SERVICE_ACCOUNTS, namespace, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: FDD, annotations: { 'foreign/role': 'kept' } },
      imagePullSecrets: [{ name: 'registry' }],
    });
    await createForeignBinding(namespace);
    const pair = await startSkipperPair(world, { flags: { 'manage-rbac': true } });
    try {
      const targets = await pair.deploy([namespace]);

      const account = await world.admin.get<KubernetesObject>(SERVICE_ACCOUNTS, { namespace, name: FDD });
      const role = await world.admin.get<KubernetesObject & { rules: readonly { resources: string[] }[] }>(
        ROLES,
        {
          namespace,
          name: FDD,
        },
      );
      const binding = await world.admin.get(ROLE_BINDINGS, { namespace, name: FDD });
      expect(targets[namespace]).toMatchObject({ state: 'completed', outcome: 'bootstrapped' });
      expect(account).toMatchObject({
        metadata: { annotations: { 'foreign/role': 'kept' }, labels: { app: FDD } },
        imagePullSecrets: [{ name: 'registry' }],
        automountServiceAccountToken: true,
      });
      expect(role?.rules.flatMap(({ resources }) => resources)).toEqual(
        expect.arrayContaining(['poddisruptionbudgets', 'rolebindings', 'applications/status']),
      );
      expect(binding).toMatchObject({ roleRef: { kind: 'Role', name: FDD } });
    } finally {
      await pair.stop();
    }
  });

  /** Blocks our binding, because a roleRef cannot be changed. */
  async function createForeignBinding(namespace: string): Promise<void> {
    await world.admin.create(ROLE_BINDINGS, namespace, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: FDD },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'another' },
      subjects: [],
    });
  }

  test('with --manage-rbac but without the rights for it the namespace fails, and the reason names the object', async () => {
    const namespace = await world.createNamespace('team-unmanaged');
    const pair = await startSkipperPair(world, { flags: { 'manage-rbac': true } });
    try {
      const targets = await pair.deploy([namespace]);

      expect(targets[namespace]).toMatchObject({ state: 'failed', code: 'forbidden', attempt: 1 });
      expect(targets[namespace]?.reason).toContain('serviceaccounts');
    } finally {
      await pair.stop();
    }
  });

  test('a healthy namespace is still deployed after all of this', async () => {
    const namespace = await world.createNamespace('team-last');
    await world.fdds.installFdd(namespace, { image: OLD_IMAGE });

    const targets = await skipper.deploy([namespace]);

    expect(targets[namespace]).toMatchObject({ state: 'completed', outcome: 'updated' });
    expect((await readApplication(world.admin, namespace)).spec.image).toBe(IMAGE);
    expect((await readDeployment(world.admin, namespace)).status.availableReplicas).toBe(1);
  });
});
