import { describe, expect, test } from '@jest/globals';
import { failure } from './answers.ts';
import type { ContractSteps } from './contract-steps.ts';

export function testAccess({ post, send, strangerToken }: ContractSteps): void {
  describe('access', () => {
    const stranger = () => ({ token: strangerToken });

    test.each([
      ['list', 'pods', '/api/v1/namespaces/default/pods', 'in the namespace "default"', { kind: 'pods' }],
      ['list', 'namespaces', '/api/v1/namespaces', 'at the cluster scope', { kind: 'namespaces' }],
      [
        'get',
        'deployments',
        '/apis/apps/v1/namespaces/default/deployments/web',
        'in the namespace "default"',
        { name: 'web', group: 'apps', kind: 'deployments' },
      ],
    ])('a denied %s of %s names the request', async (verb, resource, path, where, details) => {
      const refused = await send('GET', path, stranger());

      const { group = '', name } = details as { readonly group?: string; readonly name?: string };
      const subject = `${resource}${group === '' ? '' : `.${group}`}${name === undefined ? '' : ` "${name}"`}`;
      expect(refused.code).toBe(403);
      expect(refused.body).toEqual(
        failure(
          403,
          'Forbidden',
          `${subject} is forbidden: User "stranger" cannot ${verb} resource "${resource}" in API group "${group}" ${where}`,
          details,
        ),
      );
    });

    test('can be checked in advance', async () => {
      const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
      const review = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { verb: 'create', resource: 'pods', namespace: 'default' } },
      };

      const refused = await send('POST', path, { ...stranger(), body: review });
      const allowed = await post(path, review);

      expect([refused.code, allowed.code]).toEqual([201, 201]);
      expect(refused.body.status).toEqual({ allowed: false });
      expect(allowed.body.status).toMatchObject({ allowed: true });
    });

    test('an unknown token is refused', async () => {
      const refused = await send('GET', '/api/v1/namespaces', { token: 'unknown' });

      expect(refused.code).toBe(401);
      expect(refused.body).toEqual(failure(401, 'Unauthorized', 'Unauthorized'));
    });
  });
}
