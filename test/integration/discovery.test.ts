import { describe, expect, test } from '@jest/globals';
import { CONFIG_MAPS, DEPLOYMENTS, NAMESPACES } from '../../shared/kubernetes/resources.ts';
import { FDD, NEW, OLD } from '../support/published.ts';
import { type Raw, useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const world = useWorld({}, async (opened) => {
  await opened.startApi();
  await opened.startWorker();
});

async function statusOf(namespace: string): Promise<Raw> {
  return (await statuses()).find((row) => row.namespace === namespace);
}

async function statuses(): Promise<Raw[]> {
  return (await world.http('/api/status')).body;
}

describe('discovery', () => {
  test('acceptance 1: a namespace is found by the name of its ConfigMap, and by its label', async () => {
    await world.addNamespace('named');
    await world.addNamespace('labelled', { configMap: 'other-name', labels: { app: FDD } });
    await world.addNamespace('foreign', { configMap: null });

    const found = (await statuses()).map((row) => row.namespace);

    expect(found).toEqual(expect.arrayContaining(['named', 'labelled']));
    expect(found).not.toContain('foreign');
    const { id } = await world.deploy({ namespaces: ['named', 'labelled'] });
    expect((await world.rolloutFinished(id)).counts.completed).toBe(2);
  });

  test('acceptance 1: several ConfigMaps of a namespace make one entry, and the one with the fixed name counts', async () => {
    await world.addNamespace('several', { tag: 'latest', labels: { app: FDD } });
    for (const name of ['a-labelled', 'z-labelled']) {
      await world.kube.create(CONFIG_MAPS, 'several', {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name, namespace: 'several', labels: { app: FDD } },
        data: { tag: 'stable', 'cluster_config.yaml': '{}' },
      });
    }

    const rows = (await statuses()).filter((row) => row.namespace === 'several');
    const { targets } = await world.deploy({ namespaces: ['several'] });

    expect(rows).toHaveLength(1);
    expect(rows[0].channel).toBe('latest');
    expect(targets).toHaveLength(1);
  });

  test('the default tag is "stable"', async () => {
    await world.addNamespace('untagged');

    expect(await statusOf('untagged')).toMatchObject({ channel: 'stable', status: 'NOT_FOUND' });
  });

  test('a ConfigMap without cluster_config.yaml is deployed with defaults, as upstream does', async () => {
    await world.addNamespace('bare', { clusterConfig: null, tag: 'stable' });

    expect(await world.deployed('bare')).toMatchObject({ state: 'completed', outcome: 'bootstrapped' });
  });

  test.each([
    ['without-data', null, /no data/],
    ['empty-config', { 'cluster_config.yaml': '' }, /empty/],
    ['list-config', { 'cluster_config.yaml': '- a\n- b\n' }, /a list, not a mapping/],
    ['text-config', { 'cluster_config.yaml': 'just text' }, /a string, not a mapping/],
    ['broken-yaml', { 'cluster_config.yaml': 'a: [' }, /not valid YAML/],
    [
      'escaping-tag',
      { tag: '../../secret', 'cluster_config.yaml': '{}' },
      /"..\/..\/secret" is not a valid channel name/,
    ],
    ['spaced-tag', { tag: 'a b', 'cluster_config.yaml': '{}' }, /"a b" is not a valid channel name/],
  ])(
    'acceptance 2: a malformed ConfigMap (%s) is a CONFIG_ERROR with the reason',
    async (namespace, data, reason) => {
      await world.addNamespace(namespace, { data });

      expect(await statusOf(namespace)).toMatchObject({
        status: 'CONFIG_ERROR',
        description: expect.stringMatching(reason),
      });
      const target = await world.deployed(namespace);
      expect(target).toMatchObject({
        state: 'failed',
        code: 'config_error',
        reason: expect.stringMatching(reason),
      });
      expect(world.changes(namespace)).toEqual([]);
    },
  );

  test('acceptance 2: malformed ConfigMaps affect no other namespace, even if all are deployed', async () => {
    await world.addNamespace('broken-beside', { data: { 'cluster_config.yaml': ': : :' } });
    await world.addNamespace('healthy-beside', {
      data: { 'cluster_config.yaml': '# 🚀\nenvironment: "🧪"\n' },
    });

    const { id } = await world.deploy();
    const { targets } = await world.rolloutFinished(id);

    expect(targets.find(({ namespace }) => namespace === 'healthy-beside')).toMatchObject({
      state: 'completed',
    });
    expect(targets.find(({ namespace }) => namespace === 'broken-beside')).toMatchObject({
      state: 'failed',
      code: 'config_error',
    });
    for (const target of targets.filter(({ state }) => state === 'failed'))
      expect(target.code).toBe('config_error');
  });

  test('a repaired ConfigMap ends the CONFIG_ERROR without a restart', async () => {
    await world.addNamespace('repaired', { data: { 'cluster_config.yaml': 'nonsense' } });
    expect(await statusOf('repaired')).toMatchObject({ status: 'CONFIG_ERROR' });

    await world.kube.request({
      method: 'PATCH',
      patchType: 'merge',
      path: '/api/v1/namespaces/repaired/configmaps/fiaas-deploy-daemon',
      body: { data: { 'cluster_config.yaml': 'environment: test' } },
    });

    await until(
      async () => (await statusOf('repaired')).status === 'NOT_FOUND',
      'the CONFIG_ERROR has ended',
    );
    expect(await world.deployed('repaired')).toMatchObject({ state: 'completed' });
  });

  test('a ConfigMap that is deleted leaves its FDD alone', async () => {
    await world.addNamespace('abandoned', { fdd: NEW });

    await world.kube.delete(CONFIG_MAPS, { namespace: 'abandoned', name: FDD });

    await until(async () => !(await statusOf('abandoned')), 'the namespace is no longer listed');
    expect((await world.http('/api/namespaces/abandoned')).status).toBe(404);
    expect((await world.deployment('abandoned')).status.availableReplicas).toBe(1);
    expect(world.changes('abandoned')).toEqual([]);
  });

  describe('an FDD that Helm manages', () => {
    async function addHelmManaged(namespace: string): Promise<void> {
      await world.addNamespace(namespace, { labels: { app: FDD } });
      await world.kube.create(DEPLOYMENTS, namespace, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: {
          name: FDD,
          namespace,
          labels: { app: FDD, 'app.kubernetes.io/managed-by': 'Helm' },
          annotations: { 'meta.helm.sh/release-name': 'fdd-by-helm' },
        },
        spec: {
          replicas: 1,
          selector: { matchLabels: { app: FDD } },
          template: {
            metadata: { labels: { app: FDD } },
            spec: { containers: [{ name: FDD, image: `fiaas/${FDD}:${OLD}` }] },
          },
        },
      });
      await until(async () => (await statusOf(namespace)).status === 'HELM_MANAGED', 'the status shows Helm');
    }

    test('acceptance 23: is reported, and a deploy leaves it alone', async () => {
      await addHelmManaged('helm');

      const target = await world.deployed('helm');

      expect((await statusOf('helm')).description).toContain('fdd-by-helm');
      expect(target).toMatchObject({
        state: 'cancelled',
        code: 'helm_managed',
        reason: expect.stringMatching(/fdd-by-helm.*force/),
      });
      expect(world.changes('helm')).toEqual([]);
    });

    test('acceptance 23: is taken over by a forced deploy', async () => {
      await addHelmManaged('helm-forced');

      const target = await world.deployed('helm-forced', { force_bootstrap: true });

      expect(target).toMatchObject({ state: 'completed', outcome: 'bootstrapped', version: NEW });
      const deployment = await world.deployment('helm-forced');
      expect(deployment.spec.template.spec.containers[0].image).toBe(`fiaas/${FDD}:${NEW}`);
    });
  });

  test('what a request names is read from the cluster, also while the watches lag', async () => {
    await world.addNamespace('moved', { tag: 'latest' });
    const dryRun = (namespace: string) =>
      world.http('/api/deploy', { method: 'POST', body: { namespaces: [namespace], dry_run: true } });
    world.cluster.faults.freezeWatches = true;
    try {
      await world.kube.create(NAMESPACES, undefined, { metadata: { name: 'fresh' } });
      for (const namespace of ['fresh', 'moved']) {
        await world.kube.apply(CONFIG_MAPS, { namespace, name: FDD }, configMap(namespace));
      }

      expect((await dryRun('fresh')).body.targets).toMatchObject([{ version: OLD }]);
      expect((await dryRun('moved')).body.targets).toMatchObject([{ version: OLD }]);
      expect(await world.http('/api/namespaces/fresh')).toMatchObject({ status: 200 });
      expect((await world.http('/api/namespaces/nowhere')).status).toBe(404);
    } finally {
      world.cluster.faults.freezeWatches = false;
      world.cluster.faults.dropWatches();
    }
    const { id } = await world.deploy({ namespaces: ['fresh', 'moved'] });
    expect(await world.rolloutFinished(id)).toMatchObject({ targets: [{ version: OLD }, { version: OLD }] });
  });

  const configMap = (namespace: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: FDD, namespace },
    data: { tag: OLD, 'cluster_config.yaml': '{}' },
  });
});
