import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { groupOfCause } from '../../../../domain/fleet/cause-group.ts';

describe('groupOfCause', () => {
  test.each([
    [
      'a quota that refuses, whatever is used of it',
      'pods "fiaas-deploy-daemon-bootstrap" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=10, limited: pods=10',
      'pods "fiaas-deploy-daemon-bootstrap" is forbidden: exceeded quota: compute (pods)',
    ],
    [
      'two things that a quota refuses',
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
    [
      'what a run notes between two attempts',
      'attempt 3 failed (cluster_unavailable): no answer within 10 s; next in 12.4 s',
      'no answer within …',
    ],
    [
      'a deployment id and a rollout id',
      'deployment 0b7c9d2e-5d1c-4b6a-8a53-1a9f6f6f0c11 of rollout 20261123-054122-1c7bfdcd was not taken up',
      'deployment … of rollout … was not taken up',
    ],
    ['a time', 'since 2026-11-23T05:41:22Z', 'since …'],
    [
      'everything but the first line',
      'FDD reported FAILED: boom\nTraceback (most recent call last)',
      'FDD reported FAILED: boom',
    ],
    [
      'no versions: a release that is broken is one cause',
      'image fiaas/fiaas-deploy-daemon:20220808113256-eef68a8 cannot be pulled',
      'image fiaas/fiaas-deploy-daemon:20220808113256-eef68a8 cannot be pulled',
    ],
    ['nothing', '', ''],
  ])('leaves out %s', (_what, cause, group) => {
    expect(groupOfCause(cause, 'team-a')).toBe(group);
  });

  test('leaves an ordinary word alone, though a namespace is called so', () => {
    expect(groupOfCause('exceeded quota: compute in namespace "quota"', 'quota')).toBe(
      'exceeded quota: compute in namespace "…"',
    );
  });

  test('leaves a longer name alone that begins like the namespace', () => {
    expect(groupOfCause('secret "team-a-token" not found', 'team-a')).toBe('secret "team-a-token" not found');
  });

  test.each([
    'not proved by the deadline: pod: ImagePullBackOff: Back-off pulling image "fdd:1": not found; FDD reported RUNNING',
    'not proved by the deadline: pod: ErrImagePull: failed to pull image "fdd:1": not found; Deployment: 0 of 1 available, 1 updated',
    'not proved by the deadline: bootstrap pod: ImagePullBackOff: Back-off pulling image "fdd:1": not found; FDD has not taken the deployment up',
  ])('a pod that is the cause is one, however far the deploy had come: %s', (cause) => {
    expect(groupOfCause(cause, 'team-a')).toBe(
      'not proved by the deadline: pod: ImagePullBackOff: image "fdd:1": not found',
    );
  });

  test('cuts a cause that would fill the screen', () => {
    expect(groupOfCause('x'.repeat(5_000), 'team-a').length).toBeLessThanOrEqual(200);
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
    ({ attempt, waited, address }) =>
      `attempt ${attempt} failed (conflict): dial tcp ${address}:443 after ${waited} s; next in ${waited} s`,
    ({ namespace, id }) => `${namespace}/fiaas-deploy-daemon: deployment ${id} not found`,
  ];

  test('gives failures of one kind one group, in any namespace, and of different kinds different ones', () => {
    fc.assert(
      fc.property(failure, failure, (one, other) => {
        const groups = kinds.map((describe) => groupOfCause(describe(one), one.namespace));

        expect(kinds.map((describe) => groupOfCause(describe(other), other.namespace))).toEqual(groups);
        expect(new Set(groups).size).toBe(kinds.length);
      }),
    );
  });

  test('leaves a group as it is', () => {
    fc.assert(
      fc.property(failure, fc.nat({ max: kinds.length - 1 }), (each, index) => {
        const group = groupOfCause(kinds[index]?.(each) ?? '', each.namespace);

        expect(groupOfCause(group, each.namespace)).toBe(group);
      }),
    );
  });

  test('never throws, and never fills the screen', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (cause, namespace) => {
        expect(groupOfCause(cause, namespace).length).toBeLessThanOrEqual(200);
      }),
    );
  });
});
