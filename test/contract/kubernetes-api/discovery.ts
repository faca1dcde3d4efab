import { describe, expect, test } from '@jest/globals';
import { GROUP } from './contract-objects.ts';
import type { ContractSteps } from './contract-steps.ts';

export function testDiscovery({ get }: ContractSteps): void {
  describe('discovery', () => {
    test('lists a custom resource and its status', async () => {
      const { body } = await get(`/apis/${GROUP}/v1`);

      expect(body).toMatchObject({ kind: 'APIResourceList', groupVersion: `${GROUP}/v1` });
      expect(body.resources).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ name: 'applications', kind: 'Application', namespaced: true }),
          expect.objectContaining({ name: 'applications/status' }),
          expect.objectContaining({ name: 'application-statuses', kind: 'ApplicationStatus' }),
        ]),
      );
    });

    test.each(['/healthz', '/readyz'])('%s answers ok', async (path) => {
      const { code, body } = await get(path);

      expect([code, body.text]).toEqual([200, 'ok']);
    });

    test('/version returns the minor version as text', async () => {
      const { body } = await get('/version');

      expect(body).toMatchObject({ major: '1', minor: expect.stringMatching(/^\d+$/) });
    });
  });
}
