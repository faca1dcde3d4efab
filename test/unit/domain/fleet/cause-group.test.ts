import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { NamespaceSnapshot } from '../../../../domain/cluster/observed.ts';
import { explainTimeout } from '../../../../domain/deploy/verify.ts';
import { causeGroup } from '../../../../domain/fleet/cause-group.ts';
import {
  aBootstrapPod,
  aDeployment,
  anEvidence,
  anExpectation,
  aPod,
  aStatus,
  OUR_ID,
} from '../../../support/builders.ts';

describe('causeGroup', () => {
  test.each([
    [
      'the usage of an exceeded quota',
      'pods "fiaas-deploy-daemon-bootstrap" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=10, limited: pods=10',
      'pods "fiaas-deploy-daemon-bootstrap" is forbidden: exceeded quota: compute (pods)',
    ],
    [
      'two resources of an exceeded quota',
      'exceeded quota: compute, requested: limits.memory=128Mi,pods=1, used: limits.memory=1Gi,pods=9, limited: limits.memory=1Gi,pods=9',
      'exceeded quota: compute (limits.memory,pods)',
    ],
    [
      'the pod of a ReplicaSet, and how often it has restarted',
      'pod fiaas-deploy-daemon-5d4f9c7b84-x2x9q: CrashLoopBackOff: back-off 5m0s restarting failed container=fiaas pod=fiaas-deploy-daemon-5d4f9c7b84-x2x9q_team-a(0b7c9d2e-5d1c-4b6a-8a53-1a9f6f6f0c11), restarted 12 times',
      'pod fiaas-deploy-daemon-…: CrashLoopBackOff: back-off … restarting failed container=fiaas pod=fiaas-deploy-daemon-…_…(…), restarted … times',
    ],
    ['a name in quotes', 'namespaces "team-a" not found', 'namespaces "…" not found'],
    [
      'a name in a path',
      'connect ECONNREFUSED 10.0.0.12:6443 (POST /api/v1/namespaces/team-a/pods)',
      'connect ECONNREFUSED … (POST /api/v1/namespaces/…/pods)',
    ],
    ['an IPv6 address', 'connect ECONNREFUSED [fd00::1]:6443', 'connect ECONNREFUSED …'],
    ['how long it waited', 'no answer within 10 s', 'no answer within …'],
    [
      'a deployment id and a rollout id',
      'deployment 0b7c9d2e-5d1c-4b6a-8a53-1a9f6f6f0c11 of rollout 20261123-054122-1c7bfdcd was not taken up',
      'deployment … of rollout … was not taken up',
    ],
    ['a time', 'since 2026-11-23T05:41:22Z', 'since …'],
    ['a time in words of Skipper', 'written at 2026-11-23 05:41:22 UTC, but', 'written at …, but'],
    [
      'everything but the first line',
      'FDD reported FAILED: boom\nTraceback (most recent call last)',
      'FDD reported FAILED: boom',
    ],
    [
      'no versions, because a broken release is one cause',
      'image fiaas/fiaas-deploy-daemon:20220808113256-eef68a8 cannot be pulled',
      'image fiaas/fiaas-deploy-daemon:20220808113256-eef68a8 cannot be pulled',
    ],
    ['nothing from an empty text', '', ''],
  ])('leaves out %s', (_what, cause, group) => {
    expect(causeGroup(cause, 'team-a')).toBe(group);
  });

  test('keeps an ordinary word, even if it is also the name of a namespace', () => {
    expect(causeGroup('exceeded quota: compute in namespace "quota"', 'quota')).toBe(
      'exceeded quota: compute in namespace "…"',
    );
  });

  test('keeps a longer name that starts with the namespace’s name', () => {
    expect(causeGroup('secret "team-a-token" not found', 'team-a')).toBe('secret "team-a-token" not found');
  });

  const backOff = { reason: 'ImagePullBackOff', message: 'Back-off pulling image "fdd:1": not found' };
  const failedPull = { reason: 'ErrImagePull', message: 'failed to pull image "fdd:1": not found' };
  const running = { statuses: [aStatus({ deploymentId: OUR_ID, result: 'RUNNING' as const })] };

  test.each<[string, Partial<NamespaceSnapshot>, boolean]>([
    ['FDD reports RUNNING', { ...running, pods: [aPod({ ready: false, waiting: backOff })] }, false],
    [
      'the Deployment is rolled out',
      {
        deployment: aDeployment({ deploymentId: OUR_ID, availableReplicas: undefined }),
        pods: [aPod({ ready: false, waiting: failedPull })],
      },
      false,
    ],
    [
      'FDD is bootstrapped',
      { statuses: [], bootstrapPod: aBootstrapPod({ phase: 'Pending', ready: false, waiting: backOff }) },
      true,
    ],
  ])('a pod that causes a timeout forms one group, even while %s', (_what, snapshot, bootstrap) => {
    const { reason } = explainTimeout(anExpectation({ bootstrap }), anEvidence(snapshot), 'it is waited for');

    expect(causeGroup(reason, 'team-a')).toBe(
      'not verified by the deadline: pod: ImagePullBackOff: image "fdd:1": not found',
    );
  });

  test('truncates a long cause', () => {
    expect(causeGroup('x'.repeat(5_000), 'team-a').length).toBeLessThanOrEqual(200);
  });

  const generated = (length: number) =>
    fc.string({
      unit: fc.constantFrom(...'bcdfghjklmnpqrstvwxz2456789'),
      minLength: length,
      maxLength: length,
    });
  const failure = fc.record({
    namespace: fc.stringMatching(/^[a-z]{3,8}-[0-9]{1,4}$/),
    pod: fc.tuple(generated(10), generated(5)).map((parts) => parts.join('-')),
    id: fc.uuid(),
    attempt: fc.integer({ min: 1, max: 99 }),
    waited: fc.double({ min: 0.1, max: 900, noNaN: true }).map((seconds) => seconds.toFixed(1)),
    address: fc.ipV4(),
    used: fc.nat({ max: 500 }),
  });
  const kinds: ((of: typeof failure extends fc.Arbitrary<infer T> ? T : never) => string)[] = [
    ({ namespace, used }) =>
      `pods is forbidden in ${namespace}: exceeded quota: q, requested: pods=1, used: pods=${used}, limited: pods=${used}`,
    ({ pod, attempt }) => `pod fiaas-deploy-daemon-${pod}: ImagePullBackOff, restarted ${attempt} times`,
    ({ waited, address }) => `dial tcp ${address}:443 after ${waited} s`,
    ({ namespace, id }) => `${namespace}/fiaas-deploy-daemon: deployment ${id} not found`,
  ];

  test('gives failures of one kind the same group in any namespace, and different kinds different groups', () => {
    fc.assert(
      fc.property(failure, failure, (one, other) => {
        const groups = kinds.map((describe) => causeGroup(describe(one), one.namespace));

        expect(kinds.map((describe) => causeGroup(describe(other), other.namespace))).toEqual(groups);
        expect(new Set(groups).size).toBe(kinds.length);
      }),
    );
  });

  test('leaves a group unchanged when applied again', () => {
    fc.assert(
      fc.property(failure, fc.nat({ max: kinds.length - 1 }), (each, index) => {
        const group = causeGroup(kinds[index]?.(each) ?? '', each.namespace);

        expect(causeGroup(group, each.namespace)).toBe(group);
      }),
    );
  });

  test('never throws, and limits the length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (cause, namespace) => {
        expect(causeGroup(cause, namespace).length).toBeLessThanOrEqual(200);
      }),
    );
  });
});
