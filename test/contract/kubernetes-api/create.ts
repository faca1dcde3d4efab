import { describe, expect, test } from '@jest/globals';
import { failure } from './answers.ts';
import { aConfigMap, anApplication, GROUP } from './contract-objects.ts';
import type { ContractSteps } from './contract-steps.ts';
import { MERGE_PATCH } from './media-types.ts';
import { applications, configMaps } from './paths.ts';

export function testCreate({ get, post, patch, remove, apply, aNamespace }: ContractSteps): void {
  describe('create', () => {
    test('answers 201 with the fields that the server adds', async () => {
      const namespace = await aNamespace();

      const created = await post(configMaps(namespace), aConfigMap('one', { data: { a: '1' } }));

      expect(created.code).toBe(201);
      expect(created.body).toMatchObject({
        kind: 'ConfigMap',
        apiVersion: 'v1',
        metadata: { name: 'one', namespace, uid: expect.stringMatching(/^[0-9a-f-]{36}$/) },
        data: { a: '1' },
      });
      expect(created.body.metadata.resourceVersion).toMatch(/^\d+$/);
      expect(created.body.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(created.body.metadata.generation).toBeUndefined();
    });

    test('accepts a collection URL that ends in a slash', async () => {
      const namespace = await aNamespace();

      const created = await post(`${configMaps(namespace)}/`, aConfigMap('one'));

      expect(created.code).toBe(201);
    });

    test('generates a name from generateName', async () => {
      const namespace = await aNamespace();

      const created = await post(configMaps(namespace), { metadata: { generateName: 'made-' } });

      expect(created.body.metadata.name).toMatch(/^made-[a-z0-9]{5}$/);
    });

    test('refuses a name that exists', async () => {
      const namespace = await aNamespace();
      await post(configMaps(namespace), aConfigMap('one'));

      const refused = await post(configMaps(namespace), aConfigMap('one'));

      expect(refused.code).toBe(409);
      expect(refused.body).toEqual(
        failure(409, 'AlreadyExists', 'configmaps "one" already exists', { name: 'one', kind: 'configmaps' }),
      );
    });

    test('names group and resource of a custom object that exists', async () => {
      const namespace = await aNamespace();
      await post(applications(namespace), anApplication('fdd'));

      const refused = await post(applications(namespace), anApplication('fdd'));

      expect(refused.body).toEqual(
        failure(409, 'AlreadyExists', `applications.${GROUP} "fdd" already exists`, {
          name: 'fdd',
          group: GROUP,
          kind: 'applications',
        }),
      );
    });

    test.each([
      ['a plain create', (path: string) => post(path, aConfigMap('one'))],
      ['an apply', (path: string) => apply(`${path}/one`, aConfigMap('one'))],
    ])('reports the missing namespace on %s', async (_, write) => {
      const refused = await write(configMaps('absent'));

      expect(refused.code).toBe(404);
      expect(refused.body).toEqual(
        failure(404, 'NotFound', 'namespaces "absent" not found', { name: 'absent', kind: 'namespaces' }),
      );
    });

    test('reports a terminating namespace with its own cause', async () => {
      const namespace = await aNamespace();
      await post(configMaps(namespace), aConfigMap('holder', { finalizers: ['contract.test/hold'] }));
      await remove(`/api/v1/namespaces/${namespace}`);

      const refused = await post(configMaps(namespace), aConfigMap('late'));

      expect(refused.code).toBe(403);
      expect(refused.body).toEqual(
        failure(
          403,
          'Forbidden',
          `configmaps "late" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
          {
            name: 'late',
            kind: 'configmaps',
            causes: [
              {
                reason: 'NamespaceTerminating',
                message: `namespace ${namespace} is being terminated`,
                field: 'metadata.namespace',
              },
            ],
          },
        ),
      );
      await patch(`${configMaps(namespace)}/holder`, { metadata: { finalizers: null } }, MERGE_PATCH);
    });

    test.each([
      ['illegal characters', 'no spaces!', 'a valid label must be'],
      ['64 characters', 'a'.repeat(64), 'must be no more than 63 bytes'],
    ])('refuses a label value with %s', async (_, value, why) => {
      const namespace = await aNamespace();

      const refused = await post(configMaps(namespace), aConfigMap('one', { labels: { version: value } }));

      expect(refused.code).toBe(422);
      expect(refused.body).toMatchObject({ reason: 'Invalid', details: { name: 'one', kind: 'ConfigMap' } });
      expect(refused.body.details?.causes).toEqual([
        {
          reason: 'FieldValueInvalid',
          message: expect.stringContaining(`Invalid value: "${value}": ${why}`),
          field: 'metadata.labels',
        },
      ]);
    });

    test('accepts a label value of 63 characters', async () => {
      const namespace = await aNamespace();

      const created = await post(configMaps(namespace), aConfigMap('one', { labels: { a: 'a'.repeat(63) } }));

      expect(created.code).toBe(201);
    });

    test('refuses a body for another namespace', async () => {
      const namespace = await aNamespace();

      const refused = await post(configMaps(namespace), { metadata: { name: 'one', namespace: 'other' } });

      expect(refused.code).toBe(400);
      expect(refused.body.reason).toBe('BadRequest');
    });

    test('stores nothing on a dry run, but validates as usual', async () => {
      const namespace = await aNamespace();
      await post(configMaps(namespace), aConfigMap('taken'));

      const created = await post(`${configMaps(namespace)}?dryRun=All`, aConfigMap('dry'));
      const applied = await apply(`${configMaps(namespace)}/dry?dryRun=All`, aConfigMap('dry'));
      const refused = await post(`${configMaps(namespace)}?dryRun=All`, aConfigMap('taken'));

      expect([created.code, applied.code, refused.code]).toEqual([201, 201, 409]);
      expect(created.body.metadata.resourceVersion).toBeUndefined();
      expect((await get(`${configMaps(namespace)}/dry`)).code).toBe(404);
    });
  });
}
