import { describe, expect, test } from '@jest/globals';
import { aDeployment } from './contract-objects.ts';
import type { ContractSteps } from './contract-steps.ts';
import { deployments } from './paths.ts';

export function testDeployments({ post, apply, aNamespace }: ContractSteps): void {
  describe('deployments', () => {
    test('count generations, keep status apart and are defaulted', async () => {
      const namespace = await aNamespace();
      const path = `${deployments(namespace)}/web`;

      const created = await post(deployments(namespace), {
        ...aDeployment('web', { image: 'a:1' }),
        status: { replicas: 7 },
      });
      const again = await apply(`${path}?force=true`, aDeployment('web', { image: 'a:1' }));
      const changed = await apply(`${path}?force=true`, aDeployment('web', { image: 'a:2' }));

      expect(created.body.metadata.generation).toBe(1);
      expect(created.body.spec).toMatchObject({
        replicas: 1,
        revisionHistoryLimit: 10,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      });
      expect(created.body.status).toEqual({});
      expect([again, changed].map(({ body }) => body.metadata.generation)).toEqual([1, 2]);
    });

    test('a selector that does not match the template is refused', async () => {
      const namespace = await aNamespace();
      const deployment = aDeployment('web', { image: 'a:1' });

      const refused = await post(deployments(namespace), {
        ...deployment,
        spec: { ...deployment.spec, selector: { matchLabels: { app: 'other' } } },
      });

      expect(refused.code).toBe(422);
      expect(refused.body.reason).toBe('Invalid');
    });
  });
}
