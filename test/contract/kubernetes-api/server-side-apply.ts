import { describe, expect, test } from '@jest/globals';
import { containersOf, failure, ownersOf, staleFailure } from './answers.ts';
import { aConfigMap, aDeployment, anApplication, GROUP } from './contract-objects.ts';
import type { ContractSteps } from './contract-steps.ts';
import { APPLY, MERGE_PATCH } from './media-types.ts';
import { applications, configMaps, deployments } from './paths.ts';

export function testServerSideApply({ post, patch, apply, aNamespace }: ContractSteps): void {
  describe('server-side apply', () => {
    test('creates with 201, changes with 200 and keeps the version when nothing changes', async () => {
      const namespace = await aNamespace();
      const path = `${applications(namespace)}/fdd`;

      const created = await apply(path, anApplication('fdd', { image: 'a' }));
      const changed = await apply(path, anApplication('fdd', { image: 'b' }));
      const same = await apply(path, anApplication('fdd', { image: 'b' }));

      expect([created.code, changed.code, same.code]).toEqual([201, 200, 200]);
      expect(changed.body.spec).toMatchObject({ image: 'b' });
      expect(same.body.metadata.resourceVersion).toBe(changed.body.metadata.resourceVersion);
    });

    test('records the fields that the manager owns', async () => {
      const namespace = await aNamespace();

      const { body } = await apply(
        `${applications(namespace)}/fdd`,
        anApplication('fdd', {
          image: 'a',
          config: { version: 3, ports: [{ target_port: 1 }] },
          labels: { a: '1' },
        }),
      );

      expect(body.metadata.managedFields).toEqual([
        {
          manager: 'skipper',
          operation: 'Apply',
          apiVersion: `${GROUP}/v1`,
          time: expect.any(String),
          fieldsType: 'FieldsV1',
          fieldsV1: {
            'f:metadata': { 'f:labels': { 'f:a': {} } },
            'f:spec': {
              'f:application': {},
              'f:config': { 'f:ports': {}, 'f:version': {} },
              'f:image': {},
            },
          },
        },
      ]);
    });

    test('leaves labels, annotations, finalizers and owners of others alone', async () => {
      const namespace = await aNamespace();
      const path = `${applications(namespace)}/fdd`;
      const owner = await post(configMaps(namespace), aConfigMap('owner'));
      const theirs = {
        labels: { theirs: '1' },
        annotations: { theirs: '1' },
        finalizers: ['contract.test/hold'],
        ownerReferences: [
          { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.body.metadata.uid },
        ],
      };
      await apply(path, anApplication('fdd', { labels: { ours: '1' } }));
      await patch(path, { metadata: theirs }, MERGE_PATCH);

      const { body } = await apply(path, anApplication('fdd', { labels: { ours: '2' } }));

      expect(body.metadata).toMatchObject({ ...theirs, labels: { theirs: '1', ours: '2' } });
    });

    test('removes what the manager no longer applies', async () => {
      const namespace = await aNamespace();
      const path = `${applications(namespace)}/fdd`;
      await apply(
        path,
        anApplication('fdd', {
          labels: { stays: '1', goes: '1' },
          config: { version: 3, gone: { deep: 1 } },
        }),
      );

      const { body } = await apply(
        path,
        anApplication('fdd', { labels: { stays: '1' }, config: { version: 3 } }),
      );

      expect(body.metadata.labels).toEqual({ stays: '1' });
      expect(body.spec?.config).toEqual({ version: 3 });
    });

    test('removes a map with its last key', async () => {
      const namespace = await aNamespace();
      const path = `${applications(namespace)}/fdd`;
      await apply(path, anApplication('fdd', { labels: { goes: '1' }, config: { gone: 1 } }));

      const { body } = await apply(path, {
        apiVersion: `${GROUP}/v1`,
        kind: 'Application',
        metadata: { name: 'fdd' },
        spec: { application: 'fdd' },
      });

      expect(body.metadata.labels).toBeUndefined();
      expect(body.spec).toEqual({ application: 'fdd' });
    });

    test('keeps a key that another manager also owns', async () => {
      const namespace = await aNamespace();
      const path = `${configMaps(namespace)}/one`;
      await apply(path, aConfigMap('one', { data: { shared: '1', own: '1' } }));
      await apply(path, aConfigMap('one', { data: { shared: '1' } }), { manager: 'other' });

      const { body } = await apply(path, aConfigMap('one'));

      expect(body.data).toEqual({ shared: '1' });
    });

    test('refuses to change fields of another manager, unless forced', async () => {
      const namespace = await aNamespace();
      const path = `${configMaps(namespace)}/one`;
      await post(configMaps(namespace), aConfigMap('one', { data: { a: 'theirs' } }), {
        userAgent: 'editor/2.0 (x)',
      });

      const refused = await apply(path, aConfigMap('one', { data: { a: 'ours' } }));
      const forced = await apply(`${path}?force=true`, aConfigMap('one', { data: { a: 'ours' } }));

      expect(refused.code).toBe(409);
      expect(refused.body).toEqual(
        failure(409, 'Conflict', 'Apply failed with 1 conflict: conflict with "editor" using v1: .data.a', {
          causes: [
            { reason: 'FieldManagerConflict', message: 'conflict with "editor" using v1', field: '.data.a' },
          ],
        }),
      );
      expect(forced.code).toBe(200);
      expect(forced.body.data).toEqual({ a: 'ours' });
      expect(ownersOf(forced.body, 'f:data', 'f:a')).toEqual(['skipper']);
    });

    test('reports every conflict', async () => {
      const namespace = await aNamespace();
      const path = `${configMaps(namespace)}/one`;
      await apply(path, aConfigMap('one', { data: { a: '1', b: '1' } }), { manager: 'other' });

      const refused = await apply(path, aConfigMap('one', { data: { a: '2', b: '2' } }));

      expect(refused.code).toBe(409);
      expect(refused.body.message).toBe(
        'Apply failed with 2 conflicts: conflicts with "other":\n- .data.a\n- .data.b',
      );
      expect(refused.body.details?.causes).toEqual([
        { reason: 'FieldManagerConflict', message: 'conflict with "other"', field: '.data.a' },
        { reason: 'FieldManagerConflict', message: 'conflict with "other"', field: '.data.b' },
      ]);
    });

    test('shares fields that two managers apply with the same value', async () => {
      const namespace = await aNamespace();
      const path = `${configMaps(namespace)}/one`;
      await apply(path, aConfigMap('one', { data: { a: '1' } }), { manager: 'other' });

      const shared = await apply(path, aConfigMap('one', { data: { a: '1' } }));

      expect(shared.code).toBe(200);
      expect(ownersOf(shared.body, 'f:data', 'f:a')).toEqual(['other', 'skipper']);
    });

    test('loses only the fields that a plain write changes or removes', async () => {
      const namespace = await aNamespace();
      const path = `${configMaps(namespace)}/one`;
      await apply(path, aConfigMap('one', { data: { changed: '1', removed: '1', kept: '1' } }));

      const { body } = await patch(path, { data: { changed: '2', removed: null } }, MERGE_PATCH);

      expect(ownersOf(body, 'f:data', 'f:changed')).toEqual(['contract']);
      expect(ownersOf(body, 'f:data', 'f:removed')).toEqual([]);
      expect(ownersOf(body, 'f:data', 'f:kept')).toEqual(['skipper']);
    });

    test('takes back a value that a plain write changed', async () => {
      const namespace = await aNamespace();
      const path = `${applications(namespace)}/fdd`;
      await apply(path, anApplication('fdd', { image: 'a' }));
      await patch(path, { spec: { image: 'theirs' } }, MERGE_PATCH);

      const refused = await apply(path, anApplication('fdd', { image: 'b' }));
      const forced = await apply(`${path}?force=true`, anApplication('fdd', { image: 'b' }));

      expect(refused.code).toBe(409);
      expect(refused.body.details?.causes).toEqual([
        {
          reason: 'FieldManagerConflict',
          message: expect.stringMatching(`^conflict with "contract" using ${GROUP}/v1`),
          field: '.spec.image',
        },
      ]);
      expect(forced.body.spec).toMatchObject({ image: 'b' });
    });

    test('treats a resourceVersion as a precondition, except on creation', async () => {
      const namespace = await aNamespace();
      const path = `${applications(namespace)}/fdd`;

      const created = await apply(path, anApplication('fdd', { resourceVersion: '1' }));
      const refused = await apply(path, anApplication('fdd', { image: 'b', resourceVersion: '1' }));
      const { resourceVersion } = created.body.metadata;
      const changed = await apply(path, anApplication('fdd', { image: 'b', resourceVersion }));

      expect([created.code, refused.code, changed.code]).toEqual([201, 409, 200]);
      expect(refused.body).toEqual(staleFailure('applications', 'fdd', GROUP));
    });

    test('requires a field manager', async () => {
      const namespace = await aNamespace();

      const refused = await patch(`${configMaps(namespace)}/one`, aConfigMap('one'), APPLY);

      expect(refused.code).toBe(422);
      expect(refused.body.details).toEqual({
        group: 'meta.k8s.io',
        kind: 'PatchOptions',
        causes: [
          {
            reason: 'FieldValueRequired',
            message: 'Required value: is required for apply patch',
            field: 'fieldManager',
          },
        ],
      });
    });

    test('replaces lists in custom objects as a whole', async () => {
      const namespace = await aNamespace();
      const path = `${applications(namespace)}/fdd`;
      await apply(path, anApplication('fdd', { config: { ports: [{ name: 'a' }, { name: 'b' }] } }));

      const { body } = await apply(path, anApplication('fdd', { config: { ports: [{ name: 'b' }] } }));

      expect(body.spec?.config).toEqual({ ports: [{ name: 'b' }] });
    });

    test('merges containers and their environment by name', async () => {
      const namespace = await aNamespace();
      const path = `${deployments(namespace)}/web`;
      await post(deployments(namespace), aDeployment('web', { image: 'a:1' }));
      const { selector, template } = aDeployment('web', { image: 'a:1' }).spec;
      const env = [{ name: 'B', value: '2' }];

      const applied = await apply(path, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web' },
        spec: {
          selector,
          template: {
            metadata: template.metadata,
            spec: { containers: [{ name: 'main', image: 'a:1', env }] },
          },
        },
      });

      expect(applied.code).toBe(200);
      expect(containersOf(applied.body)).toEqual([
        expect.objectContaining({
          name: 'main',
          env: [
            { name: 'A', value: '1' },
            { name: 'B', value: '2' },
          ],
        }),
      ]);
    });

    test('removes a container that its only owner no longer applies', async () => {
      const namespace = await aNamespace();
      const path = `${deployments(namespace)}/web`;
      await apply(path, aDeployment('web', { image: 'a:1', sidecar: true }));

      const { body } = await apply(path, aDeployment('web', { image: 'a:1' }));

      expect(containersOf(body).map(({ name }) => name)).toEqual(['main']);
    });

    test('refuses a field that the schema does not declare', async () => {
      const namespace = await aNamespace();

      const refused = await apply(`${applications(namespace)}/fdd`, {
        ...anApplication('fdd'),
        spec: { unknown: 1 },
      });

      expect(refused.code).toBe(500);
      expect(refused.body.reason).toBeUndefined();
      expect(refused.body.message).toContain('.spec.unknown: field not declared in schema');
    });
  });
}
