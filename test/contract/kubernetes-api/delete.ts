import { describe, expect, test } from '@jest/globals';
import { eventually } from '../api-client.ts';
import { aConfigMap, anApplication } from './contract-objects.ts';
import type { ContractSteps } from './contract-steps.ts';
import { MERGE_PATCH } from './media-types.ts';
import { applications, configMaps } from './paths.ts';

export function testDelete({
  get,
  post,
  patch,
  remove,
  aNamespace,
  testWithControllers,
}: ContractSteps): void {
  describe('delete', () => {
    test('answers with a Success status that names the deleted object', async () => {
      const namespace = await aNamespace();
      const { body } = await post(configMaps(namespace), aConfigMap('one'));

      const removed = await remove(`${configMaps(namespace)}/one`);
      const again = await remove(`${configMaps(namespace)}/one`);

      expect(removed.code).toBe(200);
      expect(removed.body).toEqual({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Success',
        details: { name: 'one', kind: 'configmaps', uid: body.metadata.uid },
      });
      expect(again.code).toBe(404);
    });

    test('waits for finalizers', async () => {
      const namespace = await aNamespace();
      const path = `${applications(namespace)}/fdd`;
      await post(applications(namespace), anApplication('fdd', { finalizers: ['contract.test/hold'] }));

      const marked = await remove(path);
      const released = await patch(path, { metadata: { finalizers: null } }, MERGE_PATCH);

      expect(marked.body.metadata.deletionTimestamp).toEqual(expect.any(String));
      expect(marked.body.metadata.deletionGracePeriodSeconds).toBe(0);
      expect(released.code).toBe(200);
      expect((await get(path)).code).toBe(404);
    });

    test('refuses another uid', async () => {
      const namespace = await aNamespace();
      await post(configMaps(namespace), aConfigMap('one'));

      const refused = await remove(`${configMaps(namespace)}/one`, { preconditions: { uid: 'other' } });

      expect(refused.code).toBe(409);
      expect(refused.body.reason).toBe('Conflict');
    });

    test('deletes the selected objects of a collection', async () => {
      const namespace = await aNamespace();
      await post(configMaps(namespace), aConfigMap('goes', { labels: { doomed: '1' } }));
      await post(configMaps(namespace), aConfigMap('stays'));

      const removed = await remove(`${configMaps(namespace)}?labelSelector=doomed`);

      expect(removed.code).toBe(200);
      expect(removed.body.kind).toBe('ConfigMapList');
      expect((await get(`${configMaps(namespace)}/goes`)).code).toBe(404);
      expect((await get(`${configMaps(namespace)}/stays`)).code).toBe(200);
    });

    testWithControllers('empties a namespace and removes it', async () => {
      const namespace = await aNamespace();
      await post(configMaps(namespace), aConfigMap('one'));

      const marked = await remove(`/api/v1/namespaces/${namespace}`);
      const gone = await eventually(
        () => get(`/api/v1/namespaces/${namespace}`),
        ({ code }) => code === 404,
      );

      expect(marked.body.status).toMatchObject({ phase: 'Terminating' });
      expect(gone.body.details).toEqual({ name: namespace, kind: 'namespaces' });
      expect((await get(`${configMaps(namespace)}/one`)).code).toBe(404);
    });

    testWithControllers('deletes what the object owned', async () => {
      const namespace = await aNamespace();
      const { body } = await post(configMaps(namespace), aConfigMap('owner'));
      const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: body.metadata.uid };
      await post(configMaps(namespace), aConfigMap('owned', { ownerReferences: [owner] }));

      await remove(`${configMaps(namespace)}/owner`);

      const gone = await eventually(
        () => get(`${configMaps(namespace)}/owned`),
        ({ code }) => code === 404,
      );
      expect(gone.body.reason).toBe('NotFound');
    });
  });
}
