import { describe, expect, test } from '@jest/globals';
import { planDeployment } from '../../../domain/deploy/plan.ts';
import { SkipperError } from '../../../domain/errors.ts';
import { applyPlan } from '../../../worker/apply-plan.ts';
import {
  aBootstrapPod,
  anApplication,
  aPlanInput,
  aSettledSnapshot,
  FIAAS_YML,
  FOREIGN_ID,
  IMAGE,
  NAMESPACE,
  OLD_IMAGE,
  OUR_ID,
} from '../../support/builders.ts';
import { aRefusedRequest, createFakeContext } from '../../support/fake-cluster.ts';
import { createFakeCluster } from '../../support/fake-core.ts';
import { until } from '../../support/until.ts';

const update = planDeployment(
  aPlanInput({
    observed: aSettledSnapshot({ application: anApplication({ image: OLD_IMAGE, resourceVersion: '77' }) }),
  }),
);
const bootstrap = planDeployment(aPlanInput({ manageRbac: true }));
const replace = planDeployment(
  aPlanInput({
    observed: aSettledSnapshot({
      application: anApplication({ resourceVersion: '77', config: { ...FIAAS_YML, old: 1 } }),
    }),
  }),
);

function aPodFor(deploymentId: string, overrides: object = {}) {
  const annotations = { 'fiaas-skipper/deployment-id': deploymentId };
  return { metadata: { name: 'fiaas-deploy-daemon-bootstrap', annotations, ...overrides } };
}

describe('applyPlan', () => {
  test('acceptance 18: performs the steps of a bootstrap in order, by server-side apply', async () => {
    const { context, client, remembered } = createFakeContext();

    await applyPlan(bootstrap, context);

    expect(client.requests.map(({ verb, what }) => `${verb} ${what}`)).toEqual([
      'apply serviceaccounts/fiaas-deploy-daemon',
      'apply roles/fiaas-deploy-daemon',
      'apply rolebindings/fiaas-deploy-daemon',
      'apply applications/fiaas-deploy-daemon',
      'create pods',
    ]);
    expect(remembered).toEqual({
      rbacVersion: expect.any(String),
      appliedAt: expect.any(Number),
      bootstrappedId: OUR_ID,
    });
  });

  test('acceptance 7: applies with the resourceVersion that the plan was based on', async () => {
    const { context, client } = createFakeContext();

    await applyPlan(update, context);

    expect(client.requests).toMatchObject([{ verb: 'apply', body: { metadata: { resourceVersion: '77' } } }]);
  });

  test('acceptance 7: reports a conflict as such, not as an invalid object', async () => {
    const { context, client } = createFakeContext();
    client.answer('apply applications', aRefusedRequest(409, 'conflict'));

    await expect(applyPlan(update, context)).rejects.toMatchObject({ code: 'conflict' });
  });

  test('removes surplus config and changes everything else in one write, with the planned resourceVersion', async () => {
    const { context, client } = createFakeContext();
    client.answer('PATCH applications', { metadata: { name: 'x' }, spec: { config: FIAAS_YML } });

    await applyPlan(replace, context);

    expect(client.requests).toMatchObject([
      {
        verb: 'PATCH',
        what: 'applications/fiaas-deploy-daemon',
        body: {
          metadata: { resourceVersion: '77', labels: { 'fiaas/deployment_id': OUR_ID } },
          spec: { image: IMAGE, config: { old: null } },
        },
      },
    ]);
  });

  test('acceptance 12: records a bootstrap pod that a crashed run has started', async () => {
    const { context, remembered } = createFakeContext();
    const observed = aSettledSnapshot({
      application: anApplication({ deploymentId: OUR_ID }),
      statuses: [],
      bootstrapPod: aBootstrapPod(),
    });

    await applyPlan(planDeployment(aPlanInput({ observed, forceBootstrap: true })), context);

    expect(remembered).toEqual({ bootstrappedId: OUR_ID });
  });

  test('treats config keys that the watch has not shown as a conflict', async () => {
    const { context, client } = createFakeContext();
    client.answer('apply applications', {
      metadata: { name: 'x' },
      spec: { config: { ...FIAAS_YML, late: 1 } },
    });

    await expect(applyPlan(update, context)).rejects.toMatchObject({ code: 'conflict' });
  });

  test('acceptance 12: writes nothing once another worker owns the namespace', async () => {
    const { context, client } = createFakeContext({
      assertOurs: () => {
        throw new SkipperError('superseded_worker', 'lost');
      },
    });

    await expect(applyPlan(update, context)).rejects.toMatchObject({ code: 'superseded_worker' });
    expect(client.requests).toEqual([]);
  });

  test('recreates a RoleBinding with another role, because roleRef is immutable', async () => {
    const { context, client } = createFakeContext();
    client.answer('apply rolebindings', aRefusedRequest(422, 'invalid_object'));

    await applyPlan(bootstrap, context);

    expect(client.requests.map(({ verb, what }) => `${verb} ${what.split('/')[0]}`).slice(2, 5)).toEqual([
      'apply rolebindings',
      'delete rolebindings',
      'apply rolebindings',
    ]);
  });

  test('acceptance 12: adopts the pod of a crashed run', async () => {
    const { context, client, remembered } = createFakeContext();
    client.answer('create pods', aRefusedRequest(409, 'conflict'));
    client.answer('get pods', aPodFor(OUR_ID));

    await applyPlan(bootstrap, context);

    expect(client.requests.filter(({ verb }) => verb === 'create')).toHaveLength(1);
    expect(remembered.bootstrappedId).toBe(OUR_ID);
  });

  test.each([
    ['of another deployment', aPodFor(FOREIGN_ID)],
    [
      'of the same deployment that is being deleted',
      aPodFor(OUR_ID, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    ],
  ])('acceptance 8: replaces a pod %s', async (_what, pod) => {
    const { context, client } = createFakeContext();
    client.answer('create pods', aRefusedRequest(409, 'conflict'));
    client.answer('get pods', pod);

    await applyPlan(bootstrap, context);

    expect(client.requests.slice(-4).map(({ verb }) => verb)).toEqual(['create', 'get', 'delete', 'create']);
  });

  test('acceptance 8: waits until an old pod is gone before it creates the new one', async () => {
    const old: { bootstrapPod: ReturnType<typeof aBootstrapPod> | undefined } = {
      bootstrapPod: aBootstrapPod({ startedFor: FOREIGN_ID }),
    };
    const changed: (() => void)[] = [];
    const cluster = { ...createFakeCluster({ [NAMESPACE]: old }), onChange: listenWith(changed) };
    const { context, client } = createFakeContext({ cluster });
    const plan = planDeployment(
      aPlanInput({ observed: aSettledSnapshot({ deployment: undefined, ...old }), forceBootstrap: true }),
    );

    const applied = applyPlan(plan, context);
    await until(() => changed.length > 0, 'applyPlan waits for the pod');
    const before = client.requests.map(({ verb }) => verb);
    old.bootstrapPod = undefined;
    for (const notify of changed) notify();
    await applied;

    expect(before).toEqual(['apply', 'delete']);
    expect(client.requests.at(-1)).toMatchObject({ verb: 'create', what: 'pods' });
  });
});

function listenWith(listeners: (() => void)[]) {
  return (_namespace: string, listener: () => void) => {
    listeners.push(listener);
    return () => undefined;
  };
}
