import { describe, expect, test } from '@jest/globals';
import { failure } from './answers.ts';
import { GROUP } from './contract-objects.ts';
import type { ContractSteps } from './contract-steps.ts';
import { applications } from './paths.ts';

export function testGet({ get, aNamespace }: ContractSteps): void {
  describe('get', () => {
    test('names the missing object', async () => {
      const namespace = await aNamespace();

      const missing = await get(`${applications(namespace)}/none`);

      expect(missing.code).toBe(404);
      expect(missing.body).toEqual(
        failure(404, 'NotFound', `applications.${GROUP} "none" not found`, {
          name: 'none',
          group: GROUP,
          kind: 'applications',
        }),
      );
    });

    test('distinguishes a resource that is not served from a missing object', async () => {
      const namespace = await aNamespace();

      const unserved = await get(`/api/v1/namespaces/${namespace}/nothings/one`);

      expect(unserved.code).toBe(404);
      expect(unserved.body.details).toEqual({});
      expect(unserved.body.message).toBe('the server could not find the requested resource');
    });

    test('answers plain text for an unknown API group', async () => {
      const unserved = await get('/apis/nothing.example.com/v1/things');

      expect(unserved.code).toBe(404);
      expect(unserved.body.text).toBe('404 page not found\n');
    });
  });
}
