import { describe, expect, test } from '@jest/globals';
import { APPLICATION_STATUSES, pathOf } from '../../shared/kubernetes/resources.ts';
import { FDD, NEW, OLD } from '../support/published.ts';
import { type Raw, useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import type { Target } from '../support/world-requests.ts';

const world = useWorld(
  // A bootstrap pod that ends long after FDD has started.
  { delays: { bootstrapPollMs: 600_000, bootstrapTimeoutMs: 600_000 } },
  async (opened) => {
    await opened.startApi();
    await opened.startWorker({ flags: { 'bootstrap-deadline': 0.5 } });
  },
);

async function statusOf(namespace: string, deploymentId: string | undefined): Promise<Raw> {
  const { items } = await world.kube.request<{ items: Raw[] }>({
    method: 'GET',
    path: pathOf(APPLICATION_STATUSES, { namespace }),
    query: { labelSelector: `fiaas/deployment_id=${deploymentId}` },
  });
  return items[0];
}

/** Checks the reported success against the cluster at the moment it is reported. */
async function expectProved(namespace: string, target: Target): Promise<void> {
  const deployment = await world.deployment(namespace);
  const deploymentId = await world.deploymentId(namespace);
  const { replicas } = deployment.spec;
  expect(target).toMatchObject({ state: 'completed', version: NEW });
  expect(deployment.metadata.labels['fiaas/deployment_id']).toBe(deploymentId);
  expect(deployment.spec.template.spec.containers[0].image).toBe(`fiaas/${FDD}:${NEW}`);
  expect(deployment.status.observedGeneration).toBe(deployment.metadata.generation);
  expect(deployment.status).toMatchObject({
    replicas,
    updatedReplicas: replicas,
    availableReplicas: replicas,
  });
}

describe('verification', () => {
  test('acceptance 11: an update is verified only after the second restart has ended', async () => {
    await world.addNamespace('restarted', { fdd: OLD });
    const { generation } = (await world.deployment('restarted')).metadata;

    const target = await world.deployed('restarted');

    await expectProved('restarted', target);
    const deployment = await world.deployment('restarted');
    expect(deployment.metadata.generation).toBe(generation + 2);
    expect(deployment.metadata.labels['fiaas/deployed_by']).toBe(NEW);
    expect((await statusOf('restarted', await world.deploymentId('restarted'))).result).toBe('SUCCESS');
  });

  test('acceptance 11: many concurrent updates all hold at the moment they are reported as verified', async () => {
    const namespaces = await world.addNamespaces('crowd', 10, { fdd: OLD });
    const { id } = await world.deploy({ namespaces });
    const open = new Set(namespaces);

    await until(async () => {
      for (const target of (await world.rollout(id)).targets) {
        if (!open.has(target.namespace) || target.state !== 'completed') continue;
        open.delete(target.namespace);
        await expectProved(target.namespace, target);
      }
      return open.size === 0;
    }, 'all are completed');
  });

  test('acceptance 11: a stale RUNNING ApplicationStatus does not hide the SUCCESS in the Application', async () => {
    await world.addNamespace('left-running', {
      fdd: OLD,
      clusterConfig: 'include-status-in-app: true',
    });
    world.fdds.misbehaviour.set('left-running', { kind: 'status-left-running' });

    const target = await world.deployed('left-running');

    await expectProved('left-running', target);
    expect((await statusOf('left-running', await world.deploymentId('left-running'))).result).toBe('RUNNING');
  });

  test('acceptance 11: waits for an FDD that becomes ready late', async () => {
    await world.addNamespace('slow', { fdd: OLD });
    world.fdds.misbehaviour.set('slow', { kind: 'slow-start', ms: 700 }, { version: NEW });

    await expectProved('slow', await world.deployed('slow'));
  });

  test('waits for a bootstrap pod that outlives the start of FDD only until its deadline', async () => {
    await world.addNamespace('lingering');

    const target = await world.deployed('lingering');

    await expectProved('lingering', target);
    expect(target.warnings?.join()).toContain('bootstrap pod did not end by its deadline');
  });

  test.each([
    ['before', false],
    ['after', true],
  ])(
    'acceptance 11: FAILED %s the Deployment was written fails the deploy with the log lines of FDD',
    async (when, afterDeployment) => {
      const namespace = `fails-${when}`;
      await world.addNamespace(namespace, { fdd: OLD });
      const lines = ['403 Forbidden: poddisruptionbudgets.policy is forbidden'];
      world.fdds.misbehaviour.set(namespace, { kind: 'failed', lines, afterDeployment });

      const target = await world.deployed(namespace);

      expect(target).toMatchObject({ state: 'failed', code: 'fdd_failed', attempt: 1 });
      expect(target.details?.join('\n')).toContain('poddisruptionbudgets.policy is forbidden');
      const job = await world.endedJob(target.jobId);
      expect(job.failedReason).toContain('poddisruptionbudgets.policy is forbidden');
    },
  );

  test('the status shows the phase of a namespace and what it waits for', async () => {
    await world.addNamespace('observed', { fdd: OLD });
    world.fdds.misbehaviour.set('observed', { kind: 'hang' });
    const { id } = await world.deploy({ namespaces: ['observed'] });

    const row = await until(async () => {
      const found = (await world.http('/api/namespaces/observed')).body;
      return found.phase === 'waiting for FDD' && found;
    }, 'the phase is reported');

    expect(row).toMatchObject({ state: 'running', rollout: id, reason: expect.stringContaining('FDD') });
    const job = await world.job(row.jobId);
    expect(job.progress).toMatchObject({ phase: 'waiting for FDD' });
    world.fdds.misbehaviour.clear('observed');
    await world.rolloutFinished(id);
  });
});

describe('verification until the deadline', () => {
  const DEADLINE_SECONDS = 10;
  const hurried = useWorld({ flags: { 'progress-deadline': DEADLINE_SECONDS } }, async (opened) => {
    await opened.startApi();
    await opened.startWorker();
  });

  test("acceptance 11: an update whose pods do not start fails at the deadline with the pods' reasons", async () => {
    const kinds = {
      'image-pull-failure': /ImagePullBackOff|ErrImagePull/,
      hang: /FDD reported|FDD has not picked up/,
    } as const;
    for (const kind of Object.keys(kinds) as (keyof typeof kinds)[]) {
      await hurried.addNamespace(`ends-${kind}`, { fdd: OLD });
      const scope = kind === 'hang' ? {} : { version: NEW };
      hurried.fdds.misbehaviour.set(`ends-${kind}`, { kind }, scope);
    }
    const began = Date.now();

    const { id } = await hurried.deploy({ namespaces: Object.keys(kinds).map((kind) => `ends-${kind}`) });
    const { targets } = await hurried.rolloutFinished(id);

    expect(Date.now() - began).toBeGreaterThanOrEqual(DEADLINE_SECONDS * 1_000);
    for (const [kind, reason] of Object.entries(kinds)) {
      const target = targets.find(({ namespace }) => namespace === `ends-${kind}`);
      expect(target).toMatchObject({ state: 'failed', code: 'progress_deadline' });
      expect([target?.reason, ...(target?.details ?? [])].join('\n')).toMatch(reason);
    }
    const image = targets.find(({ namespace }) => namespace === 'ends-image-pull-failure');
    expect(image?.details?.join('\n')).toMatch(/Deployment: 0 of 1 available/);
  });
});
