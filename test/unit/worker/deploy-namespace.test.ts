import { describe, expect, test } from '@jest/globals';
import type { NamespaceSnapshot } from '../../../domain/cluster/observed.ts';
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
} from '../../support/builders.ts';
import { createFakeContext } from '../../support/fake-cluster.ts';
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
});
