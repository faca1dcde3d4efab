import { describe, expect, test } from '@jest/globals';
import { parseRefusal } from '../../../../domain/cluster/parse-refusal.ts';

const USER = 'system:serviceaccount:skipper:worker';

describe('parseRefusal', () => {
  test.each([
    [
      'pods "x" is forbidden: exceeded quota: few-pods, requested: pods=1, used: pods=1, limited: pods=1',
      { by: 'quota', quota: 'few-pods' },
    ],
    ['pods "x" is forbidden: violates PodSecurity "restricted:latest": …', { by: 'pod-security' }],
    [
      `applications.fiaas.schibsted.io "fdd" is forbidden: User "${USER}" cannot patch resource "applications" in API group "fiaas.schibsted.io" in the namespace "a"`,
      { by: 'rbac', user: USER, verb: 'patch', resource: 'applications', group: 'fiaas.schibsted.io' },
    ],
    [
      `pods is forbidden: User "${USER}" cannot create resource "pods" in API group "" in the namespace "a"`,
      { by: 'rbac', user: USER, verb: 'create', resource: 'pods', group: undefined },
    ],
    ['admission webhook "policy" denied the request: not on a Friday', undefined],
    ['', undefined],
  ])('reads %j', (message, refusal) => {
    expect(parseRefusal(message)).toEqual(refusal);
  });
});
