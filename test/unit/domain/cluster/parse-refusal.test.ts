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
    [
      'pods "x" is forbidden: failed quota: compute: must specify limits.cpu for: app; limits.memory for: app',
      { by: 'limits', quota: 'compute', missing: ['limits.cpu', 'limits.memory'] },
    ],
    [
      'pods "x" is forbidden: failed quota: compute: must specify limits.cpu,requests.memory',
      { by: 'limits', quota: 'compute', missing: ['limits.cpu', 'requests.memory'] },
    ],
    [
      'pods "x" is forbidden: [maximum memory usage per Container is 50Mi, but limit is 100Mi, minimum cpu usage per Container is 1, but request is 10m]',
      { by: 'limit-range' },
    ],
    [
      'pods "x" is forbidden: cpu max limit to request ratio per Container is 2, but provided ratio is 8.0',
      { by: 'limit-range' },
    ],
    [
      'Internal error occurred: failed calling webhook "policy.example.com": failed to call webhook: Post "https://p.kube.svc:443/v?timeout=10s": context deadline exceeded',
      { by: 'webhook', webhook: 'policy.example.com' },
    ],
    ['admission webhook "policy" denied the request: not on a Friday', undefined],
    ['', undefined],
  ])('reads %j', (message, refusal) => {
    expect(parseRefusal(message)).toEqual(refusal);
  });
});
