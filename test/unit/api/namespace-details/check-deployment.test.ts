import { describe, expect, test } from '@jest/globals';
import {
  checkDeployment,
  currentReport,
  describePods,
} from '../../../../api/namespace-details/check-deployment.ts';
import { jobsOf, rolloutsOf } from '../../../../api/namespace-details/describe-namespace.ts';
import {
  aBootstrapPod,
  aDeployment,
  anApplication,
  aPod,
  aSettledSnapshot,
  aSnapshot,
  aStatus,
  FOREIGN_ID,
  IMAGE,
  OLD_IMAGE,
} from '../../../support/builders.ts';
import { anAttempt } from '../../../support/details-builders.ts';

describe("FDD's Deployment compared with its Application", () => {
  test('passes every check if it is settled', () => {
    expect(checkDeployment(aSettledSnapshot()).filter(({ isRight }) => !isRight)).toEqual([]);
  });

  test('shows each difference', () => {
    const deployment = aDeployment({ image: OLD_IMAGE, availableReplicas: undefined, generation: 3 });

    const wrong = checkDeployment(aSettledSnapshot({ deployment })).filter(({ isRight }) => !isRight);

    expect(wrong.map(({ what, wanted, actual }) => [what, wanted, actual])).toEqual([
      ['image', IMAGE, OLD_IMAGE],
      ['replicas available', '1', '0'],
      ['generation observed', '3', '2'],
    ]);
  });

  test('has no checks without a Deployment', () => {
    expect(checkDeployment(aSnapshot())).toEqual([]);
  });
});

describe('the pods', () => {
  test('start with the bootstrap pod, each with its reason', () => {
    const waiting = { reason: 'ImagePullBackOff', message: 'gone' };
    const snapshot = aSnapshot({
      pods: [aPod(), aPod({ name: 'b', ready: false, waiting })],
      bootstrapPod: aBootstrapPod(),
    });

    expect(
      describePods(snapshot).map(({ name, isBootstrap, reason }) => [name, isBootstrap, reason]),
    ).toEqual([
      ['fiaas-deploy-daemon-bootstrap', true, undefined],
      ['fiaas-deploy-daemon-5d4f9c', false, undefined],
      ['b', false, 'ImagePullBackOff: gone'],
    ]);
  });
});

describe("FDD's report", () => {
  test('is the report on the current deployment', () => {
    const statuses = [
      aStatus({ name: 'old', deploymentId: 'another', result: 'FAILED', logs: ['old'] }),
      aStatus({ name: 'new', result: 'RUNNING', logs: ['new'] }),
    ];

    expect(currentReport(aSettledSnapshot({ statuses }))).toEqual({
      name: 'new',
      deploymentId: FOREIGN_ID,
      result: 'RUNNING',
      logs: ['new'],
    });
  });

  test('is undefined if FDD has not reported on it', () => {
    const application = anApplication({ deploymentId: 'unknown' });

    expect(currentReport(aSettledSnapshot({ application }))).toBeUndefined();
    expect(currentReport(aSnapshot())).toBeUndefined();
  });
});

test('jobs and rollouts are each listed once, latest first', () => {
  const attempts = [
    anAttempt({ jobId: 'a b.2', rolloutId: 'r2', startedAt: 30 }),
    anAttempt({ jobId: 'a.1', rolloutId: 'r1', startedAt: 20 }),
    anAttempt({ jobId: 'a.1', rolloutId: 'r1', startedAt: 10 }),
    anAttempt({ jobId: '', rolloutId: 'r0', startedAt: 5 }),
  ];

  expect(jobsOf(attempts, '').map(({ href, at }) => [href, at])).toEqual([
    ['/queues/queue/deploy/a%20b.2', 30],
    ['/queues/queue/deploy/a.1', 20],
  ]);
  expect(rolloutsOf(attempts, '').map(({ id }) => id)).toEqual(['r2', 'r1', 'r0']);
});
