import { describe, expect, test } from '@jest/globals';
import type { ObservedDeployment, ObservedPod } from '../../../../domain/cluster/observed.ts';
import { whyNoFddRuns } from '../../../../domain/cluster/why-no-fdd-runs.ts';
import { aDeployment, aPod, aSettledSnapshot } from '../../../support/builders.ts';

const stuck = aPod({ phase: 'Pending', ready: false, waiting: { reason: 'ImagePullBackOff' } });
const down = { availableReplicas: undefined } as const;

function whyWith(deployment: Partial<ObservedDeployment>, ...pods: readonly ObservedPod[]) {
  return whyNoFddRuns(aSettledSnapshot({ deployment: aDeployment(deployment), pods }));
}

describe('whyNoFddRuns', () => {
  test.each(['ImagePullBackOff', 'ErrImagePull', 'CrashLoopBackOff', 'CreateContainerConfigError'])(
    'names %s',
    (reason) => {
      expect(whyWith(down, { ...stuck, waiting: { reason } })).toBe(`no FDD can run: ${reason}`);
    },
  );

  test('names the client that scaled the Deployment to 0', () => {
    const switchedOff = { how: 'scaled to 0', by: 'kubectl' } as const;

    expect(whyWith({ ...down, replicas: 0, switchedOff })).toBe(
      'the Deployment was scaled to 0 replicas by kubectl',
    );
  });

  test('names the reason why every pod is rejected', () => {
    const conditions = [{ type: 'ReplicaFailure', status: 'True', message: 'exceeded quota: small' }];

    expect(whyWith({ ...down, conditions })).toContain('exceeded quota: small');
  });

  test.each([
    ['a replica is available', { availableReplicas: 1 }, [stuck]],
    ['a pod runs and starts', down, [aPod({ ready: false })]],
    ['an old pod still ends', down, [aPod({ ready: false, deleting: true }), stuck]],
    ['a container is being created', down, [{ ...stuck, waiting: { reason: 'ContainerCreating' } }]],
    ['a pod waits for a node', down, [aPod({ ready: false, phase: 'Pending', unscheduled: 'no node' })]],
    ['no pod is shown yet', down, []],
  ])('gives no reason while %s', (_when, deployment, pods) => {
    expect(whyWith(deployment, ...pods)).toBeUndefined();
  });
});
