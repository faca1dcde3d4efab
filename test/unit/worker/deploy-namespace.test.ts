import { describe, expect, test } from '@jest/globals';
import { FDD } from '../../../domain/cluster/names.ts';
import type { NamespaceSnapshot } from '../../../domain/cluster/observed.ts';
import { SkipperError } from '../../../domain/errors.ts';
import { ok } from '../../../domain/release/result.ts';
import { deployNamespace } from '../../../worker/deploy-namespace.ts';
import {
  aConfig,
  aDeployment,
  anApplication,
  aStatus,
  FOREIGN_ID,
  IMAGE,
  NAMESPACE,
  OLD_IMAGE,
  OUR_ID,
} from '../../support/builders.ts';
import { aRefusedRequest, createFakeContext } from '../../support/fake-cluster.ts';
import { createFakeCluster } from '../../support/fake-core.ts';
import { aRun } from '../../support/fake-runs.ts';

/** FDD reported SUCCESS for the Application's id, and all replicas run. */
const SETTLED: Partial<NamespaceSnapshot> = {
  config: ok(aConfig()),
  application: anApplication({ deploymentId: FOREIGN_ID }),
  deployment: aDeployment({ deploymentId: FOREIGN_ID }),
  statuses: [aStatus({ deploymentId: FOREIGN_ID })],
};

function open(seen: Partial<NamespaceSnapshot>) {
  return createFakeContext({ cluster: createFakeCluster({ [NAMESPACE]: seen }) });
}

/** The response of the API server for FDD's Deployment: the one that FDD reported. */
const ON_THE_SERVER = {
  metadata: {
    name: 'fiaas-deploy-daemon',
    resourceVersion: '300',
    generation: 2,
    labels: { 'fiaas/deployment_id': FOREIGN_ID },
  },
  spec: { replicas: 1, template: { spec: { containers: [{ image: IMAGE }] } } },
  status: { observedGeneration: 2, replicas: 1, updatedReplicas: 1, availableReplicas: 1 },
};

describe('deployNamespace', () => {
  test('reads nothing and writes nothing if everything is as requested', async () => {
    const { context, client } = open(SETTLED);

    expect(await deployNamespace(aRun(), context)).toMatchObject({ outcome: 'unchanged' });
    expect(client.requests).toEqual([]);
  });

  test.each<[string, Partial<NamespaceSnapshot>]>([
    ['belongs to another deployment', { deployment: aDeployment({ deploymentId: 'another' }) }],
    ['does not exist', { deployment: undefined }],
  ])('reads the Deployment if the one in the watch %s', async (_title, doubt) => {
    const { context, client } = open({ ...SETTLED, ...doubt });
    client.answer('get deployments', ON_THE_SERVER);

    expect(await deployNamespace(aRun(), context)).toMatchObject({ outcome: 'unchanged' });
    expect(client.requests).toEqual([{ verb: 'get', what: 'deployments/fiaas-deploy-daemon' }]);
  });

  test('reads the Deployment before a forced bootstrap is repeated: FDD can be up behind a watch that lags', async () => {
    const { context, client } = open({
      ...SETTLED,
      application: anApplication({ deploymentId: OUR_ID }),
      deployment: aDeployment({ deploymentId: FOREIGN_ID, availableReplicas: undefined }),
      statuses: [],
    });
    const labels = { 'fiaas/deployment_id': OUR_ID };
    client.answer('get deployments', {
      ...ON_THE_SERVER,
      metadata: { ...ON_THE_SERVER.metadata, labels },
    });
    const run = aRun({ forceBootstrap: true, bootstrappedId: OUR_ID });

    expect(await deployNamespace(run, context)).toMatchObject({ outcome: 'unchanged' });
    expect(client.requests).toEqual([{ verb: 'get', what: 'deployments/fiaas-deploy-daemon' }]);
  });
});

describe('the ConfigMap that a request was decided from', () => {
  const seen = { ...SETTLED, config: ok(aConfig({ resourceVersion: '7' })) };
  const written = { metadata: { name: FDD, namespace: NAMESPACE, resourceVersion: '8' }, data: { tag: ' ' } };

  test.each([
    ['of the same version is not read', '7'],
    ['of an unknown version is not read', ''],
  ])('%s', async (_title, configVersion) => {
    const { context, client } = open(seen);

    expect(await deployNamespace(aRun({ configVersion }), context)).toMatchObject({ outcome: 'unchanged' });
    expect(client.requests).toEqual([]);
  });

  test('of another version than the watch shows is read, and counts', async () => {
    const { context, client } = open(seen);
    client.answer('GET configmaps', { items: [written] });

    await expect(deployNamespace(aRun({ configVersion: '8' }), context)).rejects.toMatchObject({
      code: 'config_error',
    });
    expect(client.requests).toEqual([{ verb: 'GET', what: 'configmaps' }]);
  });
});

describe('a namespace that is deleted during its run', () => {
  const REFUSED = aRefusedRequest(403, 'forbidden');
  const OUTDATED = { ...SETTLED, application: anApplication({ image: OLD_IMAGE }) };

  function openWith(error: Error, seen: Partial<NamespaceSnapshot> = OUTDATED) {
    const cluster = createFakeCluster({ [NAMESPACE]: seen });
    let current = cluster.snapshot(NAMESPACE);
    const fake = createFakeContext({ cluster: { ...cluster, snapshot: () => current } });
    fake.client.answer('apply applications', error);
    return {
      ...fake,
      loseConfig: () => {
        current = { ...current, config: undefined };
        fake.client.answer('GET configmaps', { items: [] });
        fake.client.answer('GET configmaps', { items: [] });
      },
    };
  }

  test.each(['forbidden', 'bootstrap_failed', 'fdd_failed', 'application_deleting'] as const)(
    'ends as gone, not as %s',
    async (code) => {
      const { context, loseConfig } = openWith(new SkipperError(code, 'no'));
      const run = deployNamespace(aRun(), { ...context, step: (kind) => kind !== 'plan' || loseConfig() });

      await expect(run).rejects.toMatchObject({
        code: 'namespace_gone',
        message: 'the namespace, or its ConfigMap fiaas-deploy-daemon, is gone',
      });
    },
  );

  test.each([
    ['a bootstrap that failed', new SkipperError('bootstrap_failed', 'exit code 143')],
    ["FDD's report", new SkipperError('fdd_failed', 'x', { details: ['because it is being terminated'] })],
  ])('is waited for after %s: its ConfigMap may go last', async (_what, error) => {
    const { context, loseConfig } = openWith(error);
    setTimeout(loseConfig, 300);

    await expect(deployNamespace(aRun(), context)).rejects.toMatchObject({ code: 'namespace_gone' });
  });

  test('that stays has failed', async () => {
    const failed = new SkipperError('bootstrap_failed', 'exit code 1');

    await expect(deployNamespace(aRun(), openWith(failed).context)).rejects.toBe(failed);
    await expect(deployNamespace(aRun(), openWith(REFUSED).context)).rejects.toBe(REFUSED);
  });
});

test('what FDD reads in another way than it looks is a warning of the run', async () => {
  const warnings = ['"a" more than once'];
  const { context } = open({ ...SETTLED, config: ok(aConfig({ warnings })) });

  expect(await deployNamespace(aRun(), context)).toMatchObject({ outcome: 'unchanged', warnings });
});
