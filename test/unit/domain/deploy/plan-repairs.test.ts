import { describe, expect, test } from '@jest/globals';
import { type DeploymentPlan, type PlanInput, planDeployment } from '../../../../domain/deploy/plan.ts';
import type { Repair } from '../../../../domain/rollout/repair.ts';
import {
  aBootstrapPod,
  aDeployment,
  anApplication,
  aPlanInput,
  aPod,
  aSettledSnapshot,
  FOREIGN_ID,
} from '../../../support/builders.ts';

const HEAL = 'heal-1';
const POD = 'fiaas-deploy-daemon-1';

function planRepair(repair: Partial<Repair>, overrides: Partial<PlanInput> = {}): DeploymentPlan {
  const means: Repair = { means: 'deploy', rule: 'drifted', evidence: 'it is not well', ...repair };
  const observed = { ...aSettledSnapshot(), pods: [aPod({ name: POD })] };
  return planDeployment(aPlanInput({ observed, rolloutId: HEAL, repair: means, ...overrides }));
}

const kinds = ({ steps }: DeploymentPlan) => steps.map(({ kind }) => kind);
const settled = (overrides: Partial<PlanInput['observed']>) => ({
  observed: { ...aSettledSnapshot(), pods: [aPod({ name: POD })], ...overrides },
});
const unavailable = { deployment: aDeployment({ deploymentId: FOREIGN_ID, availableReplicas: undefined }) };
const crashing = {
  ...unavailable,
  pods: [aPod({ name: POD, ready: false, restarts: 4, waiting: { reason: 'CrashLoopBackOff' } })],
};

describe('a restart', () => {
  test('deletes the named pods, and verifies the deployment that is there', () => {
    const plan = planRepair({ means: 'restart', pods: [POD] });

    expect(plan).toMatchObject({ action: 'restart', reason: 'healing: it is not well' });
    expect(plan.steps).toMatchObject([
      { kind: 'restart-fdd', pods: [POD] },
      { kind: 'verify', deploymentId: FOREIGN_ID, bootstrap: false },
    ]);
  });

  test('that is repeated deletes nothing: the pods have other names then', () => {
    const pods = [aPod({ name: `${POD}-new` }), aPod({ name: POD, deleting: true })];
    const plan = planRepair({ means: 'restart', pods: [POD] }, settled({ ...unavailable, pods }));

    expect(kinds(plan)).toEqual(['verify']);
  });

  test('does not bootstrap an FDD that cannot run', () => {
    expect(kinds(planRepair({ means: 'restart', pods: [POD] }, settled(crashing)))).toEqual([
      'restart-fdd',
      'verify',
    ]);
  });

  test('writes a new id if FDD keeps no report of the old one', () => {
    const plan = planRepair({ means: 'restart', pods: [POD] }, settled({ statuses: [] }));

    expect(kinds(plan)).toEqual(['apply-application', 'restart-fdd', 'verify']);
    expect(plan.action).toBe('redeploy');
  });

  test('bootstraps if the Deployment is gone by then', () => {
    const plan = planRepair({ means: 'restart', pods: [POD] }, settled({ deployment: undefined, pods: [] }));

    expect(plan.action).toBe('bootstrap');
  });
});

describe('a deploy', () => {
  test('writes a new id even if nothing differs, once', () => {
    const plan = planRepair({ means: 'deploy' });
    const [, verify] = plan.steps;
    const written = verify?.kind === 'verify' ? verify.deploymentId : '';
    const observed = aSettledSnapshot();
    const application = observed.application && { ...observed.application, deploymentId: written };

    expect(plan).toMatchObject({ action: 'redeploy', reason: 'healing: it is not well' });
    expect(kinds(plan)).toEqual(['apply-application', 'verify']);
    expect(written).not.toBe(FOREIGN_ID);
    expect(kinds(planRepair({ means: 'deploy' }, { observed: { ...observed, application } }))).toEqual([
      'verify',
    ]);
  });

  test('bootstraps with a new id if no FDD runs, also beside a bootstrap pod that hangs', () => {
    const bootstrapPod = aBootstrapPod({ startedFor: FOREIGN_ID });
    const plan = planRepair({}, settled({ deployment: undefined, statuses: [], pods: [], bootstrapPod }));

    expect(kinds(plan)).toEqual([
      'apply-application',
      'delete-bootstrap-pod',
      'create-bootstrap-pod',
      'verify',
    ]);
  });

  test('removes the bootstrap pod of an earlier deployment', () => {
    const plan = planRepair({}, settled({ bootstrapPod: aBootstrapPod({ startedFor: FOREIGN_ID }) }));

    expect(kinds(plan)).toEqual(['apply-application', 'delete-bootstrap-pod', 'verify']);
  });
});

describe('a bootstrap', () => {
  test.each([
    ['no replica is available', { ...unavailable, pods: [] }],
    ['FDD crashes', crashing],
  ])('is forced if %s', (_title, seen) => {
    const plan = planRepair({ means: 'bootstrap' }, settled(seen));

    expect(plan).toMatchObject({ action: 'bootstrap', reason: 'healing: it is not well' });
  });

  describe('never begins beside an FDD that might live', () => {
    const starting = { ...unavailable, pods: [aPod({ name: POD, ready: false })] };
    const plan = planRepair({ means: 'bootstrap' }, settled(starting));

    test('its pods are deleted with a new id', () => {
      expect(plan).toMatchObject({
        action: 'redeploy',
        reason:
          'healing: it is not well; no bootstrap beside an FDD that runs but is not ready: its pods are deleted instead',
      });
      expect(plan.steps).toMatchObject([
        { kind: 'apply-application' },
        { kind: 'restart-fdd', pods: [POD] },
        { kind: 'verify', bootstrap: false },
      ]);
    });

    test('its pods are left alone by a run that continues', () => {
      const verify = plan.steps.at(-1);
      const deploymentId = verify?.kind === 'verify' ? verify.deploymentId : '';
      const application = anApplication({ deploymentId });

      expect(kinds(planRepair({ means: 'bootstrap' }, settled({ ...starting, application })))).toEqual([
        'verify',
      ]);
    });

    test('a pod that is being deleted is waited for', () => {
      const pods = [aPod({ name: POD, ready: false, deleting: true })];

      expect(kinds(planRepair({ means: 'bootstrap' }, settled({ ...starting, pods })))).toEqual([
        'apply-application',
        'verify',
      ]);
    });
  });

  test('is a deploy of an FDD that works', () => {
    expect(planRepair({ means: 'bootstrap' }).action).toBe('redeploy');
  });

  test('does not take FDD over from Helm', () => {
    const deployment = aDeployment({ ...unavailable.deployment, helmRelease: 'fdd' });

    expect(planRepair({ means: 'bootstrap' }, settled({ deployment }))).toMatchObject({ action: 'refuse' });
  });
});
