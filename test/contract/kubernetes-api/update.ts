import { describe, expect, test } from '@jest/globals';
import { staleFailure } from './answers.ts';
import { aConfigMap, anApplication, GROUP } from './contract-objects.ts';
import type { ContractSteps } from './contract-steps.ts';
import { applications, configMaps } from './paths.ts';

export function testUpdate({ get, post, put, aNamespace }: ContractSteps): void {
  describe('update', () => {
    test('refuses a stale resourceVersion', async () => {
      const namespace = await aNamespace();
      const first = await post(configMaps(namespace), aConfigMap('one', { data: { a: '1' } }));
      await put(`${configMaps(namespace)}/one`, { ...first.body, data: { a: '2' } });

      const refused = await put(`${configMaps(namespace)}/one`, { ...first.body, data: { a: '3' } });

      expect(refused.code).toBe(409);
      expect(refused.body).toEqual(staleFailure('configmaps', 'one'));
      expect((await get(`${configMaps(namespace)}/one`)).body.data).toEqual({ a: '2' });
    });

    test('requires a resourceVersion only for custom objects', async () => {
      const namespace = await aNamespace();
      await post(configMaps(namespace), aConfigMap('one'));
      await post(applications(namespace), anApplication('fdd'));

      const plain = await put(`${configMaps(namespace)}/one`, aConfigMap('one', { data: { a: '1' } }));
      const custom = await put(`${applications(namespace)}/fdd`, anApplication('fdd', { image: 'b' }));

      expect(plain.code).toBe(200);
      expect(custom.code).toBe(422);
      expect(custom.body.details).toEqual({
        name: 'fdd',
        group: GROUP,
        kind: 'applications',
        causes: [
          {
            reason: 'FieldValueInvalid',
            message: 'Invalid value: 0: must be specified for an update',
            field: 'metadata.resourceVersion',
          },
        ],
      });
    });

    test('does not create objects', async () => {
      const namespace = await aNamespace();

      const refused = await put(`${configMaps(namespace)}/none`, aConfigMap('none'));

      expect(refused.code).toBe(404);
    });

    test('keeps the resourceVersion when nothing changes', async () => {
      const namespace = await aNamespace();
      const first = await post(configMaps(namespace), aConfigMap('one', { data: { a: '1' } }));

      const same = await put(`${configMaps(namespace)}/one`, first.body);

      expect(same.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion);
    });
  });
}
