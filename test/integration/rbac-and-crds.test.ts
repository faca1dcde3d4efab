import { describe, expect, test } from '@jest/globals';
import { CRDS } from '../../domain/deploy/crds.ts';
import {
  CUSTOM_RESOURCE_DEFINITIONS,
  PODS,
  pathOf,
  ROLE_BINDINGS,
  ROLES,
  SERVICE_ACCOUNTS,
} from '../../shared/kubernetes/resources.ts';
import { FDD, OLD } from '../support/published.ts';
import { type Raw, useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const CRD_NAMES = ['applications.fiaas.schibsted.io', 'application-statuses.fiaas.schibsted.io'];

describe('--manage-rbac', () => {
  const world = useWorld({ flags: { 'manage-rbac': true } }, async (opened) => {
    await opened.startApi();
    await opened.startWorker();
  });

  test("acceptance 18: creates account, role and binding with the rules that today's FDD needs", async () => {
    await world.addNamespace('fresh');

    await world.deployed('fresh');

    const ref = { namespace: 'fresh', name: FDD };
    const account = await world.kube.get<Raw>(SERVICE_ACCOUNTS, ref);
    const role = await world.kube.get<Raw>(ROLES, ref);
    const binding = await world.kube.get<Raw>(ROLE_BINDINGS, ref);
    expect(account.automountServiceAccountToken).toBe(true);
    for (const { metadata } of [account, role, binding]) expect(metadata.labels).toMatchObject({ app: FDD });
    expect(binding.roleRef).toMatchObject({ kind: 'Role', name: FDD });
    expect(binding.subjects).toEqual([
      expect.objectContaining({ kind: 'ServiceAccount', name: FDD, namespace: 'fresh' }),
    ]);
    const all = ['create', 'delete', 'deletecollection', 'get', 'list', 'update', 'watch'];
    expect(rightsOf(role)).toMatchObject({
      'fiaas.schibsted.io/applications': ['get', 'list', 'watch'],
      'fiaas.schibsted.io/application-statuses': ['create', 'delete', 'get', 'list', 'update', 'watch'],
      'fiaas.schibsted.io/applications/status': ['create', 'delete', 'get', 'list', 'update', 'watch'],
      'policy/poddisruptionbudgets': all,
      'rbac.authorization.k8s.io/rolebindings': all,
      'apps/deployments': all,
      'networking.k8s.io/ingresses': all,
      'autoscaling/horizontalpodautoscalers': all,
      '/services': all,
      '/serviceaccounts': all,
      '/resourcequotas': all,
    });
  });

  test('runs the bootstrap pod under the account', async () => {
    await world.addNamespace('accounted');
    world.fdds.misbehaviour.set('accounted', { kind: 'hang' });
    const { id } = await world.deploy({ namespaces: ['accounted'] });

    const pod = await until(
      () => world.kube.get<Raw>(PODS, { namespace: 'accounted', name: `${FDD}-bootstrap` }),
      'the bootstrap pod exists',
    );

    expect(pod.spec.serviceAccountName).toBe(FDD);
    world.fdds.misbehaviour.clear('accounted');
    await world.rolloutFinished(id);
  });

  test('acceptance 18: keeps what others added to the account', async () => {
    await world.addNamespace('furnished', { fdd: OLD });
    const theirs = {
      secrets: [{ name: 'a-token' }],
      imagePullSecrets: [{ name: 'a-registry' }],
    };
    await world.kube.create(SERVICE_ACCOUNTS, 'furnished', {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: FDD, namespace: 'furnished', annotations: { 'iam.example.com/role': 'theirs' } },
      ...theirs,
    });

    expect(await world.deployed('furnished')).toMatchObject({ state: 'completed' });

    const account = await world.kube.get<Raw>(SERVICE_ACCOUNTS, { namespace: 'furnished', name: FDD });
    expect(account).toMatchObject(theirs);
    expect(account.metadata.annotations).toMatchObject({ 'iam.example.com/role': 'theirs' });
    expect(account.automountServiceAccountToken).toBe(true);
  });

  test('recreates a binding whose roleRef points elsewhere', async () => {
    await world.addNamespace('misbound', { fdd: OLD });
    await world.kube.create(ROLE_BINDINGS, 'misbound', {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: FDD, namespace: 'misbound' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [],
    });

    expect(await world.deployed('misbound')).toMatchObject({ state: 'completed' });

    const binding = await world.kube.get<Raw>(ROLE_BINDINGS, { namespace: 'misbound', name: FDD });
    expect(binding.roleRef).toMatchObject({ kind: 'Role', name: FDD });
  });

  test("replaces upstream Skipper's older rules", async () => {
    await world.addNamespace('aged', { fdd: OLD });
    await world.kube.create(ROLES, 'aged', {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: FDD, namespace: 'aged', labels: { app: FDD } },
      rules: [{ apiGroups: ['', 'apps'], resources: ['customresourcedefinitions'], verbs: ['create'] }],
    });

    await world.deployed('aged');

    const rights = rightsOf(await world.kube.get<Raw>(ROLES, { namespace: 'aged', name: FDD }));
    expect(Object.keys(rights)).toContain('policy/poddisruptionbudgets');
    expect(Object.keys(rights)).not.toContain('apps/customresourcedefinitions');
  });

  function rightsOf(role: Raw): Record<string, string[]> {
    const rights: Record<string, string[]> = {};
    for (const { apiGroups, resources, verbs } of role.rules) {
      for (const group of apiGroups) {
        for (const resource of resources) rights[`${group}/${resource}`] = [...verbs].sort();
      }
    }
    return rights;
  }
});

describe('CRDs', () => {
  const world = useWorld({
    fdds: false,
    cluster: {
      tokens: { restricted: 'restricted' },
      deny: ({ user, resource, verb }) =>
        user === 'restricted' && resource === 'customresourcedefinitions' && verb !== 'get' ? '' : undefined,
    },
  });

  async function crd(name: string): Promise<Raw> {
    return world.kube.get(CUSTOM_RESOURCE_DEFINITIONS, { name });
  }

  async function removeCrds(): Promise<void> {
    for (const name of CRD_NAMES) await world.kube.delete(CUSTOM_RESOURCE_DEFINITIONS, { name });
  }

  test('acceptance 19: are created as FDD v1.10.0 defines them if they are missing', async () => {
    await world.withWorker({}, async () => undefined);

    const [applications, statuses] = await Promise.all(CRD_NAMES.map(crd));
    expect(applications.apiVersion).toBe('apiextensions.k8s.io/v1');
    expect(applications.spec.names).toMatchObject({ kind: 'Application', shortNames: ['app', 'fa'] });
    expect(statuses.spec.names).toMatchObject({
      kind: 'ApplicationStatus',
      shortNames: ['status', 'appstatus', 'fs'],
    });
    const [version] = applications.spec.versions;
    expect(version).toMatchObject({ name: 'v1', served: true, storage: true, subresources: { status: {} } });
    const { spec, status } = version.schema.openAPIV3Schema.properties;
    expect(Object.keys(spec.properties).sort()).toEqual([
      'additional_annotations',
      'additional_labels',
      'application',
      'config',
      'image',
    ]);
    expect(Object.keys(status.properties).sort()).toEqual([
      'deployment_id',
      'logs',
      'observedGeneration',
      'result',
    ]);
  });

  test('acceptance 19: are not written again if they are complete', async () => {
    const before = await Promise.all(CRD_NAMES.map(crd));

    await world.withWorker({}, async () => undefined);

    const after = await Promise.all(CRD_NAMES.map(crd));
    expect(after.map(({ metadata }) => metadata.resourceVersion)).toEqual(
      before.map(({ metadata }) => metadata.resourceVersion),
    );
  });

  test('acceptance 19: that upstream Skipper created are completed, and keep labels, annotations and more', async () => {
    await removeCrds();
    const [wanted] = CRDS;
    const [version] = wanted?.spec.versions ?? [];
    const { status: _status, ...properties } = version?.schema?.openAPIV3Schema.properties ?? {};
    await world.kube.create(CUSTOM_RESOURCE_DEFINITIONS, undefined, {
      ...wanted,
      metadata: {
        ...wanted?.metadata,
        labels: { 'example.com/theirs': 'label' },
        annotations: { 'example.com/theirs': 'annotation' },
      },
      spec: {
        ...wanted?.spec,
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: { type: 'object', properties: { ...properties, theirs: { type: 'string' } } },
            },
            additionalPrinterColumns: [{ name: 'Image', type: 'string', jsonPath: '.spec.image' }],
          },
        ],
      },
    });

    await world.withWorker({}, async () => undefined);

    const completed = await crd(CRD_NAMES[0] ?? '');
    expect(completed.metadata.labels).toMatchObject({ 'example.com/theirs': 'label' });
    expect(completed.metadata.annotations).toMatchObject({ 'example.com/theirs': 'annotation' });
    expect(completed.spec.versions[0]).toMatchObject({
      subresources: { status: {} },
      additionalPrinterColumns: [expect.objectContaining({ name: 'Image' })],
    });
    expect(Object.keys(completed.spec.versions[0].schema.openAPIV3Schema.properties)).toEqual(
      expect.arrayContaining(['spec', 'status', 'theirs']),
    );
  });

  test('are never requested with --disable-crd-creation', async () => {
    const before = world.audit({ resource: 'customresourcedefinitions' }).length;

    await world.withWorker({ flags: { 'disable-crd-creation': true } }, async () => undefined);

    expect(world.audit({ resource: 'customresourcedefinitions' })).toHaveLength(before);
  });

  test('that cannot be written end the worker with advice', async () => {
    await removeCrds();

    const worker = await world.startWorker({
      process: true,
      flags: { 'api-token': 'restricted' },
      unready: true,
    });
    const { code } = await worker.exited;

    expect(code).not.toBe(0);
    expect(worker.lines().join('\n')).toMatch(/customresourcedefinitions.*--disable-crd-creation/);
  });

  test('that appear later are found without a restart', async () => {
    await removeCrds();
    const worker = await world.startWorker({ flags: { 'disable-crd-creation': true }, unready: true });
    await until(async () => {
      const { status, text } = await world.http('/readyz', { url: worker.url });
      return status === 503 && CRD_NAMES.every((name) => text.includes(`the cluster has no ${name}`));
    }, 'the worker waits for the CRDs');
    const { text } = await world.http('/readyz', { url: worker.url });
    expect(text).toMatch(
      /Start or restart a worker without --disable-crd-creation, or apply .*kubectl get crd/,
    );
    await until(
      () => worker.lines().some((line) => /the cluster has no app.*"remedy":"Start or restart/.test(line)),
      'the log names a CRD and what to do',
    );
    await world.withApi({ unready: true }, async (api) => {
      await until(async () => {
        const { notices, stale } = (await world.http('/api/fleet', { url: api.url })).body.summary;
        const missing = /the cluster has no applications\..*\. Start or restart a worker/;
        return notices[0]?.code === 'no_worker' && stale.some((each: string) => missing.test(each));
      }, 'the page names the CRD and what to do');
    });

    for (const each of CRDS) {
      await world.kube.request({ method: 'POST', path: pathOf(CUSTOM_RESOURCE_DEFINITIONS), body: each });
    }

    await worker.ready();
    await worker.stop();
  });
});
