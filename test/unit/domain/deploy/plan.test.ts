import { describe, expect, test } from '@jest/globals';
import type { ObservedPod } from '../../../../domain/cluster/observed.ts';
import type { PlanInput, Step } from '../../../../domain/deploy/plan.ts';
import { needsBootstrap, planDeployment } from '../../../../domain/deploy/plan.ts';
import { RBAC_VERSION } from '../../../../domain/deploy/rbac.ts';
import {
  aBootstrapPod,
  aConfig,
  aDeployment,
  anApplication,
  aPlanInput,
  aPod,
  aRelease,
  aSettledSnapshot,
  aSnapshot,
  aStatus,
  FIAAS_YML,
  FOREIGN_ID,
  IMAGE,
  NAMESPACE,
  OLD_IMAGE,
  OUR_ID,
  ROLLOUT,
} from '../../../support/builders.ts';
import {
  aNamespace,
  applyStep,
  fddReacts,
  idOf,
  madeWith,
  type PlanRequest,
  planFor,
  runOnce,
} from '../../../support/fake-namespace.ts';

const SECOND_ID = idOf(ROLLOUT, 1);
const BOOTSTRAP_BY_HEALING = {
  means: 'bootstrap',
  rule: 'not-available',
  evidence: 'it is not well',
} as const;
const ASKED: PlanRequest = {
  release: aRelease(),
  rolloutId: ROLLOUT,
  forceBootstrap: false,
  manageRbac: false,
};

function plan(overrides: Partial<PlanInput> = {}) {
  return planDeployment(aPlanInput(overrides));
}

function kinds(steps: readonly Step[]): string[] {
  return steps.map((step) => step.kind);
}

/** The deployment ids that a plan writes, creates and waits for; exactly one if it is consistent. */
function idsOf(steps: readonly Step[]): string[] {
  const ids = steps.flatMap((step) => {
    if (step.kind === 'apply-application') return [step.manifest.metadata.labels['fiaas/deployment_id']];
    if (step.kind === 'create-bootstrap-pod')
      return [step.deploymentId, step.manifest.metadata.annotations['fiaas-skipper/deployment-id']];
    return step.kind === 'verify' ? [step.deploymentId] : [];
  });
  return [...new Set(ids)].filter((id) => id !== undefined);
}

describe('planDeployment', () => {
  test('acceptance 8: bootstraps a namespace that has nothing', () => {
    const { action, reason, steps } = plan();

    expect({ action, reason }).toEqual({ action: 'bootstrap', reason: 'there is no Application' });
    expect(kinds(steps)).toEqual(['apply-application', 'create-bootstrap-pod', 'verify']);
    expect(steps[0]).toMatchObject({ change: 'create', resourceVersion: undefined });
    expect(steps[2]).toMatchObject({ bootstrap: true, image: IMAGE });
    expect(idsOf(steps)).toEqual([OUR_ID]);
  });

  test('bootstraps a namespace that has an Application but no Deployment', () => {
    const { action, steps } = plan({
      observed: aSnapshot({ application: anApplication({ image: OLD_IMAGE }) }),
    });

    expect(action).toBe('bootstrap');
    expect(kinds(steps)).toEqual(['apply-application', 'create-bootstrap-pod', 'verify']);
    expect(idsOf(steps)).toEqual([OUR_ID]);
  });

  test('writes a new id before it bootstraps if the old one has succeeded, because FDD would skip it', () => {
    const observed = aSettledSnapshot({ deployment: undefined });

    const { action, reason, steps } = plan({ observed });

    expect({ action, reason }).toEqual({
      action: 'bootstrap',
      reason: 'there is no Deployment',
    });
    expect(idsOf(steps)).toEqual([OUR_ID]);
  });

  test('creates the Application if FDD runs without one', () => {
    const { action, steps } = plan({ observed: aSnapshot({ deployment: aDeployment() }) });

    expect(action).toBe('create');
    expect(kinds(steps)).toEqual(['apply-application', 'verify']);
    expect(steps[1]).toMatchObject({ bootstrap: false });
  });

  test('acceptance 6: updates with a new id if the image differs, at the observed resourceVersion', () => {
    const observed = aSettledSnapshot({
      application: anApplication({ image: OLD_IMAGE, resourceVersion: '77' }),
    });

    const { action, reason, steps } = plan({ observed });

    expect({ action, reason }).toEqual({ action: 'update', reason: `image is ${OLD_IMAGE}` });
    expect(kinds(steps)).toEqual(['apply-application', 'verify']);
    expect(steps[0]).toMatchObject({ change: 'update', resourceVersion: '77' });
    expect(idsOf(steps)).toEqual([OUR_ID]);
  });

  test('acceptance 6: updates if only the config differs', () => {
    const release = aRelease({ config: { ...FIAAS_YML, replicas: { minimum: 2, maximum: 2 } } });

    const { action, reason } = plan({ observed: aSettledSnapshot(), release });

    expect({ action, reason }).toEqual({ action: 'update', reason: 'spec.config differs' });
  });

  test('acceptance 6: does nothing if everything is up to date', () => {
    expect(plan({ observed: aSettledSnapshot() })).toEqual({
      action: 'unchanged',
      reason: 'already runs 20220808113256-eef68a8',
      steps: [],
    });
  });

  test('does nothing if everything is up to date and FDD has dropped its old reports', () => {
    expect(plan({ observed: aSettledSnapshot({ statuses: [] }) }).action).toBe('unchanged');
  });

  test('redeploys if the Deployment was paused, also if FDD has dropped its old reports', () => {
    const deployment = aDeployment({ switchedOff: { how: 'paused', by: 'kubectl-rollout' } });
    const reason = 'the Deployment was paused by kubectl-rollout';

    expect(plan({ observed: aSettledSnapshot({ deployment }) })).toMatchObject({
      action: 'redeploy',
      reason,
    });
    expect(plan({ observed: aSettledSnapshot({ deployment, statuses: [] }) })).toMatchObject({ reason });
  });

  test.each([
    ['its Deployment rolls out', { deployment: aDeployment({ observedGeneration: 1 }) }],
    [
      'its Deployment has no available replica',
      { deployment: aDeployment({ availableReplicas: undefined }) },
    ],
    [
      'FDD works on it, and its Deployment has still the old image',
      {
        deployment: aDeployment({ deploymentId: SECOND_ID, image: OLD_IMAGE }),
        statuses: [aStatus({ result: 'RUNNING' as const })],
      },
    ],
    ['FDD has only begun', { statuses: [aStatus({ result: 'INITIATED' as const })] }],
    ['FDD works on it', { statuses: [aStatus({ result: 'RUNNING' as const })] }],
    ['its bootstrap pod still exists', { bootstrapPod: aBootstrapPod({ startedFor: FOREIGN_ID }) }],
  ])('only verifies what is already written, if %s', (_what, overrides) => {
    const { action, steps } = plan({ observed: aSettledSnapshot(overrides) });

    expect(action).toBe('verify');
    expect(kinds(steps)).toEqual(['verify']);
    expect(idsOf(steps)).toEqual([FOREIGN_ID]);
  });

  test('redeploys with a new id if FDD reported FAILED', () => {
    const observed = aSettledSnapshot({ statuses: [aStatus({ result: 'FAILED' })] });

    const { action, reason, steps } = plan({ observed });

    expect({ action, reason }).toEqual({
      action: 'redeploy',
      reason: 'FDD reported FAILED for the previous deployment',
    });
    expect(idsOf(steps)).toEqual([OUR_ID]);
  });

  test('uses the next id if its own id has FAILED', () => {
    const observed = aSettledSnapshot({
      application: anApplication({ deploymentId: OUR_ID }),
      statuses: [aStatus({ deploymentId: OUR_ID, result: 'FAILED' })],
    });

    expect(idsOf(plan({ observed }).steps)).toEqual([SECOND_ID]);
  });

  test.each([
    ['image', { image: OLD_IMAGE }],
    ['id', { deploymentId: SECOND_ID, image: OLD_IMAGE }],
  ])(
    'redeploys with a new id if the Deployment has another %s although its id has succeeded: FDD would ignore the id',
    (_what, overrides) => {
      const observed = aSettledSnapshot({ deployment: aDeployment(overrides) });

      expect(idsOf(plan({ observed }).steps)).toEqual([OUR_ID]);
    },
  );

  test('does not redeploy an id that is FAILED in one place and SUCCESS in the other', () => {
    const observed = aSettledSnapshot({
      application: anApplication({ status: { deploymentId: FOREIGN_ID, result: 'SUCCESS', logs: [] } }),
      statuses: [aStatus({ result: 'FAILED' })],
    });

    expect(plan({ observed }).action).toBe('unchanged');
  });

  test('redeploys an Application that has no deployment id', () => {
    const observed = aSettledSnapshot({ application: anApplication({ deploymentId: undefined }) });

    expect(plan({ observed, forceBootstrap: false })).toMatchObject({
      action: 'redeploy',
      reason: 'the Application has no deployment id',
    });
  });

  describe('with surplus config', () => {
    const observed = aSettledSnapshot({
      application: anApplication({
        resourceVersion: '77',
        config: { ...FIAAS_YML, upstream_only: { a: 1 } },
      }),
    });

    test('removes it in the same write that sets the new id', () => {
      const { steps } = plan({ observed });

      expect(kinds(steps)).toEqual(['apply-application', 'verify']);
      expect(steps[0]).toMatchObject({ resourceVersion: '77', configPatch: { upstream_only: null } });
      expect(idsOf(steps)).toEqual([OUR_ID]);
    });

    test('needs no patch if apply alone is enough', () => {
      const lacking = aSettledSnapshot({ application: anApplication({ config: { version: 3 } }) });

      expect(plan({ observed: lacking }).steps[0]).toMatchObject({ configPatch: undefined });
    });

    test('ends up with exactly the release’s config', () => {
      const world = aNamespace({ application: observed.application, deployment: {}, results: [] });

      const after = runOnce(world, ASKED);

      expect(after.application?.config).toEqual(FIAAS_YML);
    });
  });

  describe('after an id that was given up', () => {
    const HALF_DONE = [[], [aStatus({ result: 'INITIATED' })], [aStatus({ result: 'RUNNING' })]] as const;
    const half = aDeployment({ deploymentId: 'an-older-id' });
    const given = { done: { abandonedId: FOREIGN_ID } } as const;
    const bootstrapPod = aBootstrapPod({ startedFor: FOREIGN_ID });
    const reason = 'the previous deployment ended without a result';

    test.each(HALF_DONE)('the next request writes a new one (FDD reports %j)', (...statuses) => {
      const observed = aSettledSnapshot({ deployment: half, statuses });

      expect(plan({ observed, ...given })).toMatchObject({ action: 'redeploy', reason });
      expect(idsOf(plan({ observed, ...given }).steps)).toEqual([OUR_ID]);
    });

    test('a SUCCESS that came late counts: nothing is written', () => {
      expect(plan({ observed: aSettledSnapshot(), ...given })).toMatchObject({ action: 'unchanged' });
      const deployment = aDeployment({ availableReplicas: undefined });
      expect(kinds(plan({ observed: aSettledSnapshot({ deployment }), ...given }).steps)).toEqual(['verify']);
    });

    test('a run that continues within its own rollout keeps it, also if it takes longer than the deadline', () => {
      const observed = aSettledSnapshot({
        application: anApplication({ deploymentId: OUR_ID, writtenAt: 1_000 }),
        deployment: half,
        statuses: [aStatus({ deploymentId: OUR_ID, result: 'RUNNING' })],
      });

      expect(kinds(plan({ observed, overdueBefore: 2_000 }).steps)).toEqual(['verify']);
    });

    describe('in the same rollout, which is retried', () => {
      const application = anApplication({ deploymentId: OUR_ID });
      const done = { abandonedId: OUR_ID, bootstrappedId: OUR_ID };

      test.each(HALF_DONE)('a new one is written (FDD reports %j)', (...statuses) => {
        const reports = statuses.map((status) => ({ ...status, deploymentId: OUR_ID }));
        const observed = aSettledSnapshot({ application, deployment: half, statuses: reports });

        const retry = plan({ observed, done });
        const forced = plan({ observed, done, forceBootstrap: true });

        expect([retry.action, forced.action]).toEqual(['redeploy', 'bootstrap']);
        expect([idsOf(retry.steps), idsOf(forced.steps)]).toEqual([[SECOND_ID], [SECOND_ID]]);
      });

      test('a SUCCESS that came late counts', () => {
        const observed = aSettledSnapshot({
          application,
          deployment: aDeployment({ deploymentId: OUR_ID }),
          statuses: [aStatus({ deploymentId: OUR_ID, result: 'SUCCESS' })],
        });

        expect(plan({ observed, done }).action).toBe('unchanged');
      });

      test.each([false, true])(
        'a bootstrap that left no FDD alive is repeated (forced: %s)',
        (forceBootstrap) => {
          const observed = aSettledSnapshot({
            application,
            deployment: aDeployment({ deploymentId: OUR_ID, availableReplicas: undefined }),
            pods: [aPod({ ready: false, restarts: 3, waiting: { reason: 'CrashLoopBackOff' } })],
            statuses: [aStatus({ deploymentId: OUR_ID, result: 'SUCCESS' })],
          });

          const retry = plan({ observed, done, forceBootstrap });

          expect(retry.action).toBe('bootstrap');
          expect(idsOf(retry.steps)).toEqual([SECOND_ID]);
        },
      );

      describe('after a bootstrap that left FDD without its configuration', () => {
        const config = aConfig({ configDigest: 'digest' });
        const unconfigured = aDeployment({ deploymentId: OUR_ID, mountsConfig: false });
        const statuses = [aStatus({ deploymentId: OUR_ID, result: 'SUCCESS' })];
        const observed = aSettledSnapshot({ application, deployment: unconfigured, statuses });

        test.each([
          [false, 'redeploy'],
          [true, 'bootstrap'],
        ] as const)('FDD is deployed with a new one (forced: %s)', (forceBootstrap, action) => {
          const retry = plan({ observed, done, config, forceBootstrap });

          expect(retry).toMatchObject({ action, reason: 'FDD runs without its configuration' });
          expect(idsOf(retry.steps)).toEqual([SECOND_ID]);
        });

        test('nothing is written if FDD has it now', () => {
          const deployment = { ...unconfigured, mountsConfig: true };
          const repaired = { ...observed, deployment };

          expect(plan({ observed: repaired, done, config, forceBootstrap: true }).action).toBe('unchanged');
        });
      });

      test.each([
        ['the Application was deleted', undefined],
        ['another client wrote its own', anApplication({ image: OLD_IMAGE })],
      ])('it is not written once more after %s, although FDD reports nothing', (_what, changed) => {
        const observed = aSettledSnapshot({ application: changed, deployment: half, statuses: [] });

        expect(idsOf(plan({ observed, done }).steps)).toEqual([SECOND_ID]);
      });
    });

    test('a Deployment that came late counts, too, once its report is deleted', () => {
      expect(plan({ observed: aSettledSnapshot({ statuses: [] }), ...given })).toMatchObject({
        action: 'unchanged',
      });
    });

    test('a bootstrap begins once more, also while the old pod is still there', () => {
      const observed = aSettledSnapshot({ deployment: undefined, statuses: [], bootstrapPod });

      expect(plan({ observed }).action).toBe('verify');
      expect(plan({ observed, ...given }).action).toBe('bootstrap');
      expect(idsOf(plan({ observed, ...given }).steps)).toEqual([OUR_ID]);
    });

    describe('if Redis has lost the record', () => {
      const application = anApplication({ writtenAt: 1_000 });
      const observed = aSettledSnapshot({ application, deployment: half, statuses: [] });

      test.each(HALF_DONE)('the age of the id shows it (FDD reports %j)', (...statuses) => {
        expect(plan({ observed: { ...observed, statuses }, overdueBefore: 1_001 })).toMatchObject({ reason });
        expect(plan({ observed: { ...observed, statuses }, overdueBefore: 1_000 }).action).toBe('verify');
      });

      test('an old id that FDD runs is not half done, even if FDD has dropped its report', () => {
        const settled = aSettledSnapshot({ application, statuses: [] });

        expect(plan({ observed: settled, overdueBefore: 1_001 }).action).toBe('unchanged');
      });
    });
  });

  test('bootstraps with a new id if the FDD that had begun its own can no longer run', () => {
    const application = anApplication({ deploymentId: OUR_ID });
    const pods = [aPod({ ready: false, restarts: 3, waiting: { reason: 'CrashLoopBackOff' } })];
    const deployment = aDeployment({ availableReplicas: undefined });
    const statuses = [aStatus({ deploymentId: OUR_ID, result: 'RUNNING' })];
    const lost = { application, deployment, pods };

    const begun = plan({ observed: aSettledSnapshot({ ...lost, statuses }) });
    const untouched = plan({ observed: aSettledSnapshot({ ...lost, statuses: [] }) });

    expect([begun.action, untouched.action]).toEqual(['bootstrap', 'bootstrap']);
    expect([idsOf(begun.steps), idsOf(untouched.steps)]).toEqual([[SECOND_ID], [OUR_ID]]);
  });

  describe('if another client interferes with its bootstrap', () => {
    const application = anApplication({ deploymentId: OUR_ID });
    const succeeded = [aStatus({ deploymentId: OUR_ID, result: 'SUCCESS' })];

    test.each([
      ['still runs', {}],
      ['has ended', { phase: 'Succeeded', terminated: { exitCode: 0 } }],
    ])('and deletes the Deployment after SUCCESS while the pod %s, it bootstraps again', (_what, pod) => {
      const bootstrapPod = aBootstrapPod({ startedFor: OUR_ID, ...pod });

      const { steps } = plan({ observed: aSnapshot({ application, statuses: succeeded, bootstrapPod }) });

      expect(kinds(steps)).toEqual([
        'apply-application',
        'delete-bootstrap-pod',
        'create-bootstrap-pod',
        'verify',
      ]);
      expect(idsOf(steps)).toEqual([SECOND_ID]);
    });

    describe('and deletes its pod beside an FDD that cannot run', () => {
      const pods = [aPod({ ready: false, restarts: 3, waiting: { reason: 'CrashLoopBackOff' } })];
      const deployment = aDeployment({ availableReplicas: undefined });
      const done = { bootstrappedId: OUR_ID };

      const unscheduled = [aPod({ phase: 'Pending', ready: false, unscheduled: '0/3 nodes are available' })];

      test.each<[string, Partial<PlanInput>, readonly ObservedPod[]]>([
        ['on its own', {}, pods],
        ['forced', { forceBootstrap: true }, pods],
        ['forced, while its pod is not scheduled', { forceBootstrap: true }, unscheduled],
        ['by healing, while its pod is not scheduled', { repair: BOOTSTRAP_BY_HEALING }, unscheduled],
      ])('it bootstraps again (%s)', (_what, overrides, found) => {
        const observed = aSettledSnapshot({ application, deployment, pods: found, statuses: [] });

        const { steps } = plan({ observed, done, ...overrides });

        expect(kinds(steps)).toEqual(['create-bootstrap-pod', 'verify']);
        expect(idsOf(steps)).toEqual([OUR_ID]);
      });

      test('an FDD that starts can do it: it only verifies', () => {
        const starting = [aPod({ ready: false })];
        const observed = aSettledSnapshot({ application, deployment, pods: starting, statuses: [] });

        expect(kinds(plan({ observed, done, forceBootstrap: true }).steps)).toEqual(['verify']);
      });

      test('after SUCCESS it only verifies', () => {
        const ours = { ...deployment, deploymentId: OUR_ID };
        const observed = aSettledSnapshot({ application, deployment: ours, pods, statuses: succeeded });

        expect(kinds(plan({ observed, done }).steps)).toEqual(['verify']);
      });
    });
  });

  describe('forced', () => {
    test('acceptance 10: bootstraps next to a healthy FDD, with a new id', () => {
      const { action, steps } = plan({ observed: aSettledSnapshot(), forceBootstrap: true });

      expect(action).toBe('bootstrap');
      expect(kinds(steps)).toEqual(['apply-application', 'create-bootstrap-pod', 'verify']);
      expect(idsOf(steps)).toEqual([OUR_ID]);
    });

    test('writes a new id even if the old one is not finished', () => {
      const observed = aSettledSnapshot({ statuses: [aStatus({ result: 'RUNNING' })] });

      const { reason, steps } = plan({ observed, forceBootstrap: true });

      expect(reason).toContain('forced');
      expect(idsOf(steps)).toEqual([OUR_ID]);
    });

    test('acceptance 8: removes an old pod before it creates the new one', () => {
      const observed = aSettledSnapshot({ bootstrapPod: aBootstrapPod({ startedFor: FOREIGN_ID }) });

      const { steps } = plan({ observed, forceBootstrap: true });

      expect(kinds(steps)).toEqual([
        'apply-application',
        'delete-bootstrap-pod',
        'create-bootstrap-pod',
        'verify',
      ]);
    });

    test('does not bootstrap twice for one request', () => {
      const observed = aSettledSnapshot({
        application: anApplication({ deploymentId: OUR_ID }),
        deployment: aDeployment({ deploymentId: OUR_ID }),
        statuses: [aStatus({ deploymentId: OUR_ID })],
      });

      const { action } = plan({ observed, forceBootstrap: true, done: { bootstrappedId: OUR_ID } });

      expect(action).toBe('unchanged');
    });

    test('waits for its own running pod', () => {
      const observed = aSettledSnapshot({
        application: anApplication({ deploymentId: OUR_ID }),
        statuses: [],
        bootstrapPod: aBootstrapPod(),
      });

      const { action, steps } = plan({ observed, forceBootstrap: true });

      expect(action).toBe('verify');
      expect(steps).toEqual([
        { kind: 'adopt-bootstrap-pod', deploymentId: OUR_ID },
        expect.objectContaining({ kind: 'verify', deploymentId: OUR_ID, bootstrap: true }),
      ]);
    });

    test('writes an Application without the bootstrap label again, so that the pod finds it', () => {
      const observed = aSnapshot({
        application: anApplication({ deploymentId: OUR_ID, bootstrapLabel: false }),
      });

      const { reason, steps } = plan({ observed });

      expect(reason).toBe('the Application lacks the bootstrap label');
      expect(idsOf(steps)).toEqual([SECOND_ID]);
    });
  });

  describe('if Helm manages FDD', () => {
    const observed = aSettledSnapshot({ deployment: aDeployment({ helmRelease: 'fdd' }) });

    test('acceptance 23: refuses, and names the release', () => {
      const { action, reason, steps } = plan({ observed });

      expect(action).toBe('refuse');
      expect(reason).toContain('Helm release fdd');
      expect(steps).toEqual([]);
    });

    test('acceptance 23: takes over when forced', () => {
      expect(plan({ observed, forceBootstrap: true }).action).toBe('bootstrap');
    });
  });

  describe('with manage-rbac', () => {
    test('applies RBAC before anything else', () => {
      const { steps } = plan({ manageRbac: true });

      expect(kinds(steps)).toEqual(['apply-rbac', 'apply-application', 'create-bootstrap-pod', 'verify']);
      expect(steps[2]).toMatchObject({ manifest: { spec: { serviceAccountName: 'fiaas-deploy-daemon' } } });
    });

    test('applies it once if nothing else has changed', () => {
      const first = plan({ manageRbac: true, observed: aSettledSnapshot() });
      const second = plan({
        manageRbac: true,
        observed: aSettledSnapshot(),
        done: { rbacVersion: RBAC_VERSION },
      });

      expect(kinds(first.steps)).toEqual(['apply-rbac', 'verify']);
      expect(second.action).toBe('unchanged');
    });

    test('applies it again with each change', () => {
      const observed = aSettledSnapshot({ application: anApplication({ image: OLD_IMAGE }) });

      const { steps } = plan({ manageRbac: true, observed, done: { rbacVersion: RBAC_VERSION } });

      expect(kinds(steps)).toEqual(['apply-rbac', 'apply-application', 'verify']);
    });
  });

  test("acceptance 8: gives the pod the namespace's options and respects its quotas", () => {
    const { steps } = plan({
      config: aConfig({ enableServiceAccountPerApp: true }),
      quotas: [{ spec: { hard: { pods: '0' }, scopes: ['NotBestEffort'] } }],
    });

    const create = steps.find((step) => step.kind === 'create-bootstrap-pod');
    expect(create?.manifest.spec.containers[0]?.args).toContain('--enable-service-account-per-app');
    expect(create?.manifest.spec.containers[0]).not.toHaveProperty('resources');
  });

  describe('after a crash', () => {
    const empty = aNamespace({ results: [] });
    const healthy = aNamespace({
      application: { image: OLD_IMAGE },
      deployment: { image: OLD_IMAGE },
      results: [{ id: FOREIGN_ID, result: 'SUCCESS' }],
    });
    const surplus = aNamespace({
      application: { config: { ...FIAAS_YML, old: 1 } },
      deployment: {},
      results: [{ id: FOREIGN_ID, result: 'SUCCESS' }],
    });
    const FORCED = { ...ASKED, forceBootstrap: true };

    const rows = (
      [
        ['the bootstrap of an empty namespace', empty, ASKED],
        ['an update', healthy, ASKED],
        ['a replacement of config', surplus, ASKED],
        ['a forced bootstrap', healthy, FORCED],
        ['a bootstrap with rights', empty, { ...ASKED, manageRbac: true }],
      ] as const
    ).flatMap(([what, world, asked]) =>
      planFor(world, asked).steps.flatMap((_, after) =>
        [false, true].map((forgets) => ({ what, world, asked, after, forgets })),
      ),
    );

    test.each(rows)(
      'acceptance 12: $what that ended after $after steps (record lost: $forgets) continues with the same id',
      ({ world, asked, after, forgets }) => {
        const whole = runOnce(world, asked);
        const crashed = runOnce(world, asked, { after, forgets });

        const resumed = runOnce(crashed, asked);

        const written = resumed.journal.filter(isIdWrite);
        expect(whole.journal).toEqual(expect.arrayContaining(written));
        expect(new Set(written).size).toBe(written.length);
        expect(resumed.deployment).toMatchObject({ deploymentId: OUR_ID, environment: madeWith(FIAAS_YML) });
        expect(planFor(resumed, { ...asked, forceBootstrap: false }).action).toBe('unchanged');
      },
    );

    test('acceptance 12: does not restart the bootstrap of an id that an earlier rollout has written', () => {
      const world = aNamespace({ application: { deploymentId: idOf('rollout-0') }, results: [] });
      const crashed = runOnce(world, ASKED, { after: 1, forgets: false });

      const { action, steps } = planFor(crashed, ASKED);

      expect(crashed.journal).toEqual([expect.stringContaining('create-bootstrap-pod')]);
      expect({ action, kinds: kinds(steps) }).toEqual({ action: 'verify', kinds: ['verify'] });
    });

    test('bootstraps again if the pod of a live request was deleted before it did anything', () => {
      const crashed = { ...runOnce(empty, ASKED, { after: 2, forgets: false }), bootstrapPod: undefined };

      const { action, steps } = planFor(crashed, ASKED);

      expect(action).toBe('bootstrap');
      expect(idsOf(steps)).toEqual([OUR_ID]);
    });

    test('does not force a second bootstrap if two runs crash, one before and one after the pod was collected', () => {
      const forgotten = runOnce(healthy, FORCED, { after: 2, forgets: true });
      const collected = runOnce(forgotten, FORCED);

      const { action } = planFor(collected, FORCED);

      expect(collected.bootstrapPod).toBeUndefined();
      expect(action).toBe('unchanged');
    });
  });

  test('does not write its own id again if FDD has finished it, after another writer has written another id', () => {
    const observed = aSettledSnapshot({
      application: anApplication({ image: OLD_IMAGE }),
      deployment: aDeployment({ image: OLD_IMAGE }),
      statuses: [aStatus(), aStatus({ name: 'ours', deploymentId: OUR_ID })],
    });

    expect(idsOf(plan({ observed }).steps)).toEqual([SECOND_ID]);
  });

  test('acceptance 9: has nothing to do after a bootstrap', () => {
    const world = runOnce(aNamespace({ results: [] }), ASKED);

    expect(planFor(world, ASKED).action).toBe('unchanged');
    expect(world.bootstrapPod).toBeUndefined();
  });

  test('has no work left if a running FDD finishes it before the worker is back', () => {
    const world = aNamespace({
      application: { image: OLD_IMAGE },
      deployment: { image: OLD_IMAGE },
      results: [],
    });
    const [write] = planFor(world, ASKED).steps;
    if (!write) throw new Error('the plan has no step');

    const after = fddReacts(applyStep(world, write));

    expect(planFor(after, ASKED).action).toBe('unchanged');
  });
});

describe('needsBootstrap', () => {
  const base = {
    config: aConfig(),
    release: aRelease(),
    rolloutId: ROLLOUT,
    forceBootstrap: false,
    done: {},
    observed: aSnapshot(),
  };
  const ours = anApplication({ deploymentId: OUR_ID });

  test.each([
    ['the namespace is empty', {}, {}, true],
    ['only a foreign Application exists', { application: anApplication() }, {}, true],
    ['our Application exists, but no pod', { application: ours }, {}, true],
    ['our Application and its pod exist', { application: ours, bootstrapPod: aBootstrapPod() }, {}, false],
    [
      'its pod belongs to another id',
      { application: ours, bootstrapPod: aBootstrapPod({ startedFor: FOREIGN_ID }) },
      {},
      true,
    ],
    [
      'it was bootstrapped, but its Deployment no longer exists',
      { application: ours },
      { done: { bootstrappedId: OUR_ID } },
      true,
    ],
    [
      'it was bootstrapped and FAILED',
      {
        application: ours,
        bootstrapPod: aBootstrapPod(),
        statuses: [aStatus({ deploymentId: OUR_ID, result: 'FAILED' as const })],
      },
      {},
      true,
    ],
    ['a Deployment exists', { deployment: aDeployment() }, {}, false],
    [
      'a broken Deployment exists',
      { deployment: aDeployment({ availableReplicas: undefined, observedGeneration: 0 }) },
      {},
      false,
    ],
    [
      'a Deployment exists, but the bootstrap is forced',
      { deployment: aDeployment() },
      { forceBootstrap: true },
      true,
    ],
    [
      'the bootstrap was forced and is done',
      { application: ours, deployment: aDeployment() },
      { forceBootstrap: true, done: { bootstrappedId: OUR_ID } },
      false,
    ],
  ])('is decided correctly if %s', (_what, observed, overrides, needed) => {
    const input = { ...base, ...overrides, observed: aSnapshot(observed) };

    expect(needsBootstrap(input)).toBe(needed);
  });
});

function isIdWrite(entry: string): boolean {
  return entry.startsWith('apply-application') || entry.startsWith('create-bootstrap-pod');
}

test('the builders agree on their namespace', () => {
  expect(aConfig().namespace).toBe(NAMESPACE);
});
