import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createKubernetesClient, type KubernetesClient } from '../../shared/kubernetes/client.ts';
import { loadKubeConfig } from '../../shared/kubernetes/load-kube-config.ts';
import {
  CUSTOM_RESOURCE_DEFINITIONS,
  NAMESPACES,
  SERVICE_ACCOUNTS,
} from '../../shared/kubernetes/resources.ts';
import { describeCluster } from '../cluster/support/cluster-suite.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts';
import { until } from '../support/until.ts';
import {
  CHART,
  helm,
  helmOrFail,
  type Manifest,
  parseManifests,
  RELEASE,
  type Values,
} from './support/helm.ts';
import { MATRIX, UPSTREAM_DEFAULTS } from './support/matrix.ts';
import { writeUpstreamChart } from './support/upstream-chart.ts';

/** Kinds that are not Kubernetes' own, with the plurals of their operators. */
const FOREIGN_KINDS = [
  ['monitoring.coreos.com', 'v1', 'ServiceMonitor', 'servicemonitors'],
  ['monitoring.coreos.com', 'v1', 'PrometheusRule', 'prometheusrules'],
  ['keda.sh', 'v1alpha1', 'ScaledObject', 'scaledobjects'],
  ['keda.sh', 'v1alpha1', 'TriggerAuthentication', 'triggerauthentications'],
] as const;
const CLUSTER_SCOPED = /^ClusterRole/;

describeCluster('the chart on a real control plane', { needsControllers: false }, () => {
  let controlPlane: ControlPlane;
  let admin: KubernetesClient;
  let folder: string;
  let namespaces = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'skipper-chart-'));
    controlPlane = await startControlPlane({ controllerManager: false });
    admin = createKubernetesClient(loadKubeConfig({ kubeconfig: controlPlane.kubeconfigPath }), {
      userAgent: 'chart-suite',
      fieldManager: 'chart-suite',
    });
    for (const kind of FOREIGN_KINDS)
      await admin.create(CUSTOM_RESOURCE_DEFINITIONS, undefined, openCrd(kind));
    for (const kind of FOREIGN_KINDS) await until(() => isServed(kind), `${kind[2]} is served`);
  });

  afterAll(async () => {
    await admin?.close();
    await controlPlane?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  describe.each(Object.entries(MATRIX))('with %s', (_title, values) => {
    test('install creates all objects, restricted Pod Security admits the pods, uninstall leaves nothing', async () => {
      const namespace = await restrictedNamespace();
      const installed = run(['install', RELEASE, CHART, '--namespace', namespace], values);

      const manifests = await releaseManifests(namespace);
      expect(installed.stderr).not.toMatch(/violate|Warning|unknown field/i);
      for (const pod of podsOf(manifests)) await acceptPod(namespace, pod);

      const objects = manifests.filter(({ kind }) => kind !== 'Pod');
      expect(await missing(objects, namespace)).toEqual([]);
      run(['uninstall', RELEASE, '--namespace', namespace]);
      expect(await missing(objects, namespace)).toEqual(objects.map(nameOf));
    });
  });

  test('a pod that is not restricted is refused', async () => {
    const namespace = await restrictedNamespace();
    const spec = { containers: [{ name: 'any', image: 'any:1' }] };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'any' }, spec };

    await expect(acceptPod(namespace, pod)).rejects.toThrow('violates PodSecurity "restricted');
  });

  test('the generated Redis password never changes', async () => {
    const namespace = await restrictedNamespace();
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'fiaas-skipper-redis' } };
    run(['install', RELEASE, CHART, '--namespace', namespace], {});
    const made = (await find(secret, namespace))?.data;
    run(['upgrade', RELEASE, CHART, '--namespace', namespace], { autoUpdate: true });

    expect(made?.['redis-password']).toBeDefined();
    expect((await find(secret, namespace))?.data).toEqual(made);
    run(['uninstall', RELEASE, '--namespace', namespace]);
  });

  describe('upgrade from upstream Skipper', () => {
    const OWN: Values = {
      ingress: { fqdn: 'skipper.example.com', enableTLS: false },
      rbac: { enabled: true },
      autoUpdate: true,
      annotations: { team: 'platform' },
      deployment: { resources: { limits: { cpu: '500m' } } },
    };
    const controller = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'fiaas-controller' },
    };
    const object = (apiVersion: string, kind: string, name: string) => ({
      apiVersion,
      kind,
      metadata: { name },
    });

    async function upstreamRelease(values: Values): Promise<string> {
      const namespace = await restrictedNamespace();
      const chart = writeUpstreamChart(join(folder, namespace), UPSTREAM_DEFAULTS);
      run(['install', RELEASE, chart, '--namespace', namespace], values);
      return namespace;
    }

    test('keeps all settings, and the same Service and Ingress objects', async () => {
      const namespace = await upstreamRelease(OWN);
      const kept = [
        object('v1', 'Service', 'fiaas-skipper'),
        object('networking.k8s.io/v1', 'Ingress', 'fiaas-skipper'),
        controller,
      ];
      const before = await Promise.all(kept.map((each) => find(each, namespace)));

      run([
        'upgrade',
        RELEASE,
        CHART,
        '--namespace',
        namespace,
        '--reset-then-reuse-values',
        '--set-string',
        'image.tag=',
      ]);

      const after = await Promise.all(kept.map((each) => find(each, namespace)));
      expect(after.map(uidOf)).toEqual(before.map(uidOf));
      expect(after[0]?.spec.selector).toEqual({
        app: 'fiaas-skipper',
        'app.kubernetes.io/component': 'api',
      });
      expect(await find(object('apps/v1', 'Deployment', 'fiaas-skipper'), namespace)).toBeUndefined();
      const worker = await find(object('apps/v1', 'Deployment', 'fiaas-skipper-worker'), namespace);
      expect(worker?.spec.template.metadata.annotations).toMatchObject({ team: 'platform' });
      expect(worker?.spec.template.spec.containers[0]).toMatchObject({
        image: 'fiaas/skipper:0.1.0',
        resources: { limits: { cpu: '500m', memory: '256Mi' } },
      });
      const { data } = (await find(object('v1', 'ConfigMap', 'fiaas-skipper'), namespace)) ?? {};
      expect(data?.['cluster_config.yaml']).not.toContain('disable-autoupdate');
      run(['uninstall', RELEASE, '--namespace', namespace]);
    });

    test('can end the grant to every account, which a new release does not create', async () => {
      const namespace = await upstreamRelease(OWN);
      const upgrade = ['upgrade', RELEASE, CHART, '--namespace', namespace, '--reset-then-reuse-values'];
      expect(run(upgrade).stdout).toContain('rbac.enableFIAASController=false');
      expect(await find(controller, namespace)).toBeDefined();

      run([...upgrade, '--set', 'rbac.enableFIAASController=false']);
      expect(await find(controller, namespace)).toBeUndefined();
      run([...upgrade, '--set', 'rbac.enableFIAASController=keep']);
      expect(await find(controller, namespace)).toBeUndefined();
      run(['uninstall', RELEASE, '--namespace', namespace]);
    });

    test("accepts a values file with all of upstream's values, and can be rolled back", async () => {
      const namespace = await upstreamRelease({});
      run(['upgrade', RELEASE, CHART, '--namespace', namespace], UPSTREAM_DEFAULTS);
      run(['rollback', RELEASE, '1', '--namespace', namespace]);

      expect(await find(object('apps/v1', 'Deployment', 'fiaas-skipper'), namespace)).toBeDefined();
      expect(await find(object('apps/v1', 'Deployment', 'fiaas-skipper-api'), namespace)).toBeUndefined();
      run(['uninstall', RELEASE, '--namespace', namespace]);
    });

    test('refuses --reuse-values, which keeps the old defaults, and explains the alternative', async () => {
      const namespace = await upstreamRelease(OWN);
      const answer = helm([
        'upgrade',
        RELEASE,
        CHART,
        '--namespace',
        namespace,
        '--reuse-values',
        ...kubeconfig(),
      ]);

      expect(answer).toMatchObject({
        ok: false,
        stderr: expect.stringContaining('--reset-then-reuse-values'),
      });
      run(['uninstall', RELEASE, '--namespace', namespace]);
    });
  });

  /** Helm installs only kinds that the API server lists. */
  async function isServed([group, version, , plural]: (typeof FOREIGN_KINDS)[number]): Promise<boolean> {
    const path = `/apis/${group}/${version}`;
    const { resources } = await admin.request<{ resources: { name: string }[] }>({ method: 'GET', path });
    return resources.some(({ name }) => name === plural);
  }

  function kubeconfig(): readonly string[] {
    return ['--kubeconfig', controlPlane.kubeconfigPath];
  }

  /** Runs helm against the control plane; it must succeed. */
  function run(args: readonly string[], values?: Values) {
    const answer = helm([...args, ...kubeconfig()], values);
    if (!answer.ok) throw new Error(`helm ${args.join(' ')}: ${answer.stderr}`);
    return answer;
  }

  /** A namespace that refuses pods that are not restricted, with its default account, as a controller would create it. */
  async function restrictedNamespace(): Promise<string> {
    namespaces += 1;
    const name = `chart-${namespaces}`;
    const labels = Object.fromEntries(
      ['enforce', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted']),
    );
    await admin.create(NAMESPACES, undefined, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels },
    });
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
    await admin.create(SERVICE_ACCOUNTS, name, account);
    return name;
  }

  /** What the release created, and what `helm test` would create. */
  async function releaseManifests(namespace: string): Promise<Manifest[]> {
    const flags = [RELEASE, '--namespace', namespace, ...kubeconfig()];
    return ['manifest', 'hooks'].flatMap((part) => parseManifests(helmOrFail(['get', part, ...flags])));
  }

  /** Lets the API server validate a pod as if its controller created it. */
  async function acceptPod(namespace: string, pod: unknown): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/pods`;
    await admin.request({
      method: 'POST',
      path,
      query: { dryRun: 'All', fieldValidation: 'Strict' },
      body: pod,
    });
  }

  /** The objects that the API server does not have. */
  async function missing(manifests: readonly Manifest[], namespace: string): Promise<string[]> {
    const found = await Promise.all(manifests.map((manifest) => find(manifest, namespace)));
    return manifests.filter((_manifest, index) => found[index] === undefined).map(nameOf);
  }

  async function find(
    manifest: Pick<Manifest, 'apiVersion' | 'kind' | 'metadata'>,
    namespace: string,
  ): Promise<Manifest | undefined> {
    const { apiVersion, kind, metadata } = manifest;
    const scope = CLUSTER_SCOPED.test(kind) ? {} : { namespace: metadata.namespace ?? namespace };
    const plural = `${kind.toLowerCase()}s`.replace(/ys$/, 'ies').replace(/sss$/, 'sses');
    const resource = { apiVersion, kind, plural, namespaced: 'namespace' in scope };
    return admin.get<Manifest>(resource, { ...scope, name: metadata.name });
  }
});

/** Pods as their Deployments and StatefulSets would create them, and the pod of `helm test`. */
function podsOf(manifests: readonly Manifest[]): unknown[] {
  const workloads = manifests.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet');
  expect(workloads.length).toBeGreaterThan(1);
  const pods = workloads.map(({ metadata, spec }) => {
    const claims = (spec.volumeClaimTemplates ?? []).map((claim: { metadata: { name: string } }) => ({
      name: claim.metadata.name,
      persistentVolumeClaim: { claimName: claim.metadata.name },
    }));
    const podSpec = { ...spec.template.spec, volumes: [...spec.template.spec.volumes, ...claims] };
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: metadata.name, labels: spec.template.metadata.labels },
      spec: podSpec,
    };
  });
  return [...pods, manifests.find(({ kind }) => kind === 'Pod')];
}

function openCrd([group, version, kind, plural]: (typeof FOREIGN_KINDS)[number]) {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase() },
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  };
}

function nameOf({ kind, metadata }: Manifest): string {
  return `${kind}/${metadata.name}`;
}

function uidOf(object: Manifest | undefined): string | undefined {
  return (object?.metadata as { readonly uid?: string } | undefined)?.uid;
}
